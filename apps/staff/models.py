"""None of its own; Django sends no signal after migrations to an app without this module."""
