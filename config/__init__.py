"""Settings: from the environment, and those an admin changes while the bot runs."""
