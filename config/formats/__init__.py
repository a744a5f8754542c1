"""Formats of dates that differ from Django's: none ends with a full stop, because sentences end with dates."""
