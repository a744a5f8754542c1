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


class Unanswered(Retry):
    """Raised by a handler that talks to the outside: no reply arrived, so that the call may have been made."""


class Permanent(Exception):
    """Raised by a handler: this event can never be handled; it becomes a dead letter at once."""


# PostgreSQL's codes that say nothing against the event: nothing is charged, it is tried again. By class: connections (08),
# refused roles (28), rollbacks by others (40), resources (53), objects in use (55), the operator (57), the system (58),
# the server's configuration (F0), the server itself (XX).
_TRANSIENT_CLASSES = frozenset({"08", "28", "40", "53", "55", "57", "58", "F0", "XX"})
# By code: a server that takes no writes (25006), time limits of transactions (25P03, 25P04), a prepared statement that a
# pooler lost or doubled (26000, 42P05), a database that is gone (3D000).
_TRANSIENT_CODES = frozenset({"25006", "25P03", "25P04", "26000", "42P05", "3D000"})
# Of these, what one transaction may meet while others go on: deadlock, serialization, limits on locks, statements and
# idling, internal errors.
_PASSING_CLASSES, _PASSING_CODES = frozenset({"40", "XX"}), frozenset({"55P03", "57014", "25P03", "25P04"})
# Where PostgreSQL finds that a prepared statement returns other types than it did: the code alone (0A000) says too little,
# and the text is in the server's language.
_STALE_PLAN = "RevalidateCachedQuery"


def is_transient(error: BaseException) -> bool:
    """Say whether the error lies with the surroundings and not with the event."""
    if state := _sqlstate(error):
        return state[:2] in _TRANSIENT_CLASSES or state in _TRANSIENT_CODES or _is_stale_plan(error)
    surroundings = OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError | NewerVersion
    return isinstance(error, surroundings)


def is_passing(error: BaseException) -> bool:
    """Say whether it is a transient error that this transaction alone met: it should pass, unless it is the event's doing."""
    state = _sqlstate(error)
    return state is not None and (state[:2] in _PASSING_CLASSES or state in _PASSING_CODES)


def _is_stale_plan(error: BaseException) -> bool:
    """Say whether the session has prepared the statement before a column's type changed: a new session has not."""
    cause = _postgresql_error(error)
    return cause is not None and cause.diag.source_function == _STALE_PLAN


def attempts_allowed(error: BaseException) -> float:
    """Return how many attempts an event has that ends so: more if the error should pass, any number if it is nobody's."""
    if is_passing(error):
        return int(settings.EVENTS_MAX_ATTEMPTS + settings.EVENTS_PASSING_ERRORS)
    return math.inf if is_transient(error) else int(settings.EVENTS_MAX_ATTEMPTS)


def _sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's code of the error, if it came from there."""
    cause = _postgresql_error(error)
    return cause.sqlstate if cause is not None else None


def _postgresql_error(error: BaseException) -> psycopg.Error | None:
    cause = error.__cause__ if isinstance(error.__cause__, psycopg.Error) else error
    return cause if isinstance(cause, psycopg.Error) else None


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
