"""Commands of the bot's admins, cut by what they are about."""
