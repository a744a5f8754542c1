"""The errors of this package; each message says what differs."""


class Different(Exception):
    """A surrounding in which Diana does not do what it does elsewhere; the message says what came instead."""
