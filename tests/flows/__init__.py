"""Whole stories, over all apps."""
