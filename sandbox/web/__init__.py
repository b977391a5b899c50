"""The chat page of the demo: people of the local Telegram in a browser, and a panel that breaks things on purpose."""
