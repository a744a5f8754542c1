"""Telling people what happened to them: rows made from events, sent when the person's clock and wishes allow it."""
