"""The one error of the demo: its message is meant for the person at the terminal."""


class DemoError(Exception):
    """The demo cannot go on, or its result is wrong; the message says what and where to look."""
