"""One module for each command; a command parses, calls one service and prints."""
