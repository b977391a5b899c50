"""The only way out to Telegram."""
