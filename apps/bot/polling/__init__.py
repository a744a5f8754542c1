"""Fetching updates by getUpdates, where Telegram cannot reach us. What an update does is the affair of intake.py."""
