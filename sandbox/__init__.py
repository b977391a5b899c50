"""A local Telegram to try and test the bot without an account."""
