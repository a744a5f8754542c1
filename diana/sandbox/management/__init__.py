"""Holds the commands of the sandbox."""
