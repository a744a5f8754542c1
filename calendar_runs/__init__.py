"""`make calendar`: the demo and the whole suite at moments that are hard on calendars. Not for CI: it takes over an hour."""
