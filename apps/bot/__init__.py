"""Telegram: the webhook, commands, screens and replies. Nothing below knows that this app exists."""
