"""Everything between the process entry and the wire: policy, storage, Telegram."""
