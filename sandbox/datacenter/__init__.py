"""An MTProto data centre on loopback, which unmodified Telegram clients log in to."""
