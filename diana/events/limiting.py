"""How much may be published: limits of each source and of each person in it, counted in the memory of this process.

No request asks PostgreSQL or Redis for a count, so each process counts for itself: several let as many times more
through. What handlers publish names no source and is never limited.
"""

import math
import os
import threading
import time
from collections import Counter
from functools import cache
from typing import Literal, NamedTuple

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from diana import metrics

REFUSE, DEFER = "refuse", "defer"

# What became of events over a limit: (source, "refused" | "deferred" | "released"); of this process, since its start.
counts: Counter[tuple[str, str]] = Counter()

_limiters: dict[int, FixedWindowRateLimiter] = {}
_lock = threading.Lock()


class RateLimited(RuntimeError):
    """The source has published too much: nothing was written; try again after `after` seconds, or raise its limit."""

    def __init__(self, source: str, after: float) -> None:
        super().__init__(
            f"{source} publishes more than EVENTS_RATE_LIMITS allows: try again after {math.ceil(after)} s."
        )
        self.source, self.after = source, after


class UnknownSource(LookupError):
    """The source has no entry in EVENTS_RATE_LIMITS: add one, or correct the name."""


class Limits(NamedTuple):
    """The limits of a source: on each person, on all of it, and what happens to an event over one of them."""

    person: RateLimitItem | None
    source: RateLimitItem | None
    over: str


def limits_of(source: str) -> Limits:
    """Return the limits of the source; raises UnknownSource, and ValueError where the settings make no sense."""
    try:
        configured = settings.EVENTS_RATE_LIMITS[source]
    except KeyError:
        raise UnknownSource(f"{source}: {UnknownSource.__doc__}") from None
    return _parsed(configured.get("person", ""), configured.get("source", ""), configured.get("over", REFUSE))


@cache
def _parsed(person: str, source: str, over: str) -> Limits:
    if over not in (REFUSE, DEFER):
        raise ValueError(f"over is {REFUSE!r} or {DEFER!r}, not {over!r}")
    return Limits(parse(person) if person else None, parse(source) if source else None, over)


def ask(source: str, user_id: int | None) -> float:
    """Count one event; return 0 if it is within the limits, else the seconds after which it may be tried."""
    limits = limits_of(source)
    person = _ask(limits.person, source, str(user_id)) if user_id is not None else 0.0
    # What is over a person's limit takes nothing from the others of the source.
    return person or _ask(limits.source, source)


def _ask(limit: RateLimitItem | None, *names: str) -> float:
    if limit is None or _limiter().hit(limit, *names):
        return 0.0
    return max(0.001, _limiter().get_window_stats(limit, *names).reset_time - time.time())


def count(source: str, outcome: Literal["refused", "deferred", "released"], number: int = 1) -> None:
    """Count what became of events over a limit."""
    with _lock:
        counts[source, outcome] += number
    if outcome != "released":
        metrics.limited(outcome, number)


def _limiter() -> FixedWindowRateLimiter:
    """Return this process's counters, made at the first call; a forked child has its own.

    Fixed windows: one number for each person. A moving one keeps the time of every event and sweeps them 100 times a
    second, which at 20,000 people costs more than all the rest of a request.
    """
    with _lock:
        found = _limiters.get(os.getpid())
        if found is None:
            _limiters.clear()
            found = _limiters[os.getpid()] = FixedWindowRateLimiter(MemoryStorage())
        return found
