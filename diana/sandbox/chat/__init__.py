"""People and groups that talk to the bot: what they do becomes updates, what the bot does becomes news for a page."""
