"""What happens to an event whose handler fails: which errors are charged to it, when it is tried again, when it is dead."""

import random

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from diana.events.evolution import NewerVersion


class Retry(Exception):
    """Raised by a handler: this event cannot be handled now; try again `after` seconds (default: by backoff)."""

    def __init__(self, message: str = "", *, after: float | None = None) -> None:
        super().__init__(message or "The handler asked for another try.")
        self.after = after


class Permanent(Exception):
    """Raised by a handler: this event can never be handled; it becomes a dead letter at once."""


# Not the event's fault: the connection, a deadlock, a time limit, a full disk, old code. Nothing is charged: again.
_TRANSIENT_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_TRANSIENT_CODES = frozenset({"25P03", "25P04"})


def is_transient(error: BaseException) -> bool:
    """Say whether the error lies with the surroundings and not with the event."""
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return cause.sqlstate[:2] in _TRANSIENT_CLASSES or cause.sqlstate in _TRANSIENT_CODES
    surroundings = OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError | NewerVersion
    return isinstance(error, surroundings)


def describe(error: BaseException) -> str:
    """Return the error for the failures table: its type and, where it cannot quote a row, its message; 500 characters at most.

    Messages of the database may quote values of the row, hence only their first line is kept.
    """
    text = str(error)
    if isinstance(error, DatabaseError | psycopg.Error):
        text = text.partition("\n")[0]
    return f"{type(error).__name__}: {text}"[:500]


def backoff_seconds(attempts: int, *, after: float | None = None) -> float:
    """Return how long to wait after that many attempts (1 or more): `after` if the handler said so, else a random
    time up to twice the last one's bound (full jitter), at most EVENTS_BACKOFF_MAX_SECONDS."""
    if after is not None:
        return after
    bound = min(settings.EVENTS_BACKOFF_SECONDS * 2 ** min(attempts - 1, 30), settings.EVENTS_BACKOFF_MAX_SECONDS)
    return float(random.uniform(0, bound))
