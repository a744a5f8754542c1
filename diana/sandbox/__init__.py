"""A local stand-in for Telegram's Bot API that records what it was sent; needs no settings of Django."""
