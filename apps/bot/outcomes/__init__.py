"""Telling what an act earned on the message that answers it, while that still shows the act's screen."""
