"""The one place where the sandbox asks for the time: dates of messages and updates, lives of queries."""

from diana import clock


def seconds() -> float:
    """Return the present moment of domain time in seconds of the epoch."""
    return clock.now().timestamp()
