"""Commands of the bot for operators."""
