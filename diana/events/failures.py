"""What happens to an event whose handler fails: which errors are charged to it, when it is tried again, when it is dead."""

import math
import random

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError

from diana.events.evolution import NewerVersion

# Who asks for a try later than that has made a mistake, and dates have an end.
LONGEST_RETRY_SECONDS = 366 * 86_400


class Retry(Exception):
    """Raised by a handler: this event cannot be handled now; try again `after` seconds (default: by backoff).

    A time that is negative, no number or more than a year raises ValueError: an ordinary failure of the event.
    """

    def __init__(self, message: str = "", *, after: float | None = None) -> None:
        super().__init__(message or "The handler asked for another try.")
        if after is not None and not 0 <= after <= LONGEST_RETRY_SECONDS:
            raise ValueError(f"Retry takes after= from 0 to {LONGEST_RETRY_SECONDS} seconds, not {after!r}.")
        self.after = after


class Postponed(Retry):
    """Raised by a handler that talks to the outside: it was not let in yet; try again `after` seconds, uncharged.

    However often that happens, a delivery is not dead by it. Anywhere else it is an ordinary Retry.
    """

    def __init__(self, message: str, *, after: float) -> None:
        super().__init__(message, after=after)


class Permanent(Exception):
    """Raised by a handler: this event can never be handled; it becomes a dead letter at once."""


# Not the event's fault: the connection, a deadlock, a time limit, a full disk, old code. Nothing is charged: again.
_TRANSIENT_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_TRANSIENT_CODES = frozenset({"25P03", "25P04"})
# Of these, what one transaction meets while others go on: deadlock, serialization, limits on locks, statements, idling.
_PASSING_CLASS, _PASSING_CODES = "40", frozenset({"55P03", "57014", "25P03", "25P04"})


def is_transient(error: BaseException) -> bool:
    """Say whether the error lies with the surroundings and not with the event."""
    if state := _sqlstate(error):
        return state[:2] in _TRANSIENT_CLASSES or state in _TRANSIENT_CODES
    surroundings = OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError | NewerVersion
    return isinstance(error, surroundings)


def is_passing(error: BaseException) -> bool:
    """Say whether it is a transient error that this transaction alone met: it should pass, unless it is the event's doing."""
    state = _sqlstate(error)
    return state is not None and (state[:2] == _PASSING_CLASS or state in _PASSING_CODES)


def attempts_allowed(error: BaseException) -> float:
    """Return how many attempts an event has that ends so: more if the error should pass, any number if it is nobody's."""
    if is_passing(error):
        return int(settings.EVENTS_MAX_ATTEMPTS + settings.EVENTS_PASSING_ERRORS)
    return math.inf if is_transient(error) else int(settings.EVENTS_MAX_ATTEMPTS)


def _sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's code of the error, if it came from there."""
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def describe(error: BaseException) -> str:
    """Return the error for the failures table: its type and, where it cannot quote a row, its message; 500 characters at most.

    Messages of the database may quote values of the row, hence only their first line is kept. What PostgreSQL cannot
    store is replaced: an error that could not be written down would hold up its lane.
    """
    try:
        text = str(error).encode(errors="replace").decode().replace("\0", "\\0")
    except Exception:
        text = "(its message cannot be read)"
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
