"""The parts of `update.py`, with the standard library alone: they work where the bot's own environment does not."""
