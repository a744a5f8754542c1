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

from diana import metrics

REFUSE, DEFER = "refuse", "defer"

# What became of events over a limit: (source, "refused" | "deferred" | "released"); of this process, since its start.
counts: Counter[tuple[str, str]] = Counter()

_limiters: dict[int, "dict[tuple[str, str], _Window]"] = {}
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


class Limit(NamedTuple):
    """So many events in so many seconds."""

    events: int
    seconds: int


class Limits(NamedTuple):
    """The limits of a source: on each person, on all of it, and what happens to an event over one of them."""

    person: Limit | None
    source: Limit | None
    over: str


class _Window:
    """A span of time in which everybody's events are counted; the next one begins with the first event after it.

    One number for each person who came by, and nothing to sweep: all are forgotten together.
    """

    def __init__(self) -> None:
        self.ends_at = 0.0
        self.counts: dict[str, int] = {}

    def hit(self, name: str, limit: Limit, now: float) -> float:
        """Count one event if it fits; return 0, or the seconds until the next window."""
        if now >= self.ends_at:
            self.ends_at, self.counts = now + limit.seconds, {}
        found = self.counts.get(name, 0)
        if found >= limit.events:
            return self.ends_at - now
        self.counts[name] = found + 1
        return 0.0


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
    return Limits(_limit(person) if person else None, _limit(source) if source else None, over)


_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


def _limit(text: str) -> Limit:
    """Read a limit such as `30/minute`; raises ValueError for what is none."""
    number, _, unit = text.replace(" ", "").partition("/")
    if not number.isascii() or not number.isdecimal() or int(number) < 1 or unit not in _SECONDS:
        raise ValueError(f"{text!r} is no limit: write a number and second, minute, hour or day, as in '30/minute'")
    return Limit(int(number), _SECONDS[unit])


def ask(source: str, user_id: int | None) -> float:
    """Count one event; return 0 if it is within the limits, else the seconds after which it may be tried."""
    limits = limits_of(source)
    with _lock:
        person = _ask(limits.person, source, str(user_id)) if user_id is not None else 0.0
        # What is over a person's limit takes nothing from the others of the source.
        return person or _ask(limits.source, source, "")


def _ask(limit: Limit | None, source: str, name: str) -> float:
    """Ask this process's counters, made at the first call; a forked child has its own. The caller holds the lock."""
    if limit is None:
        return 0.0
    windows = _limiters.get(os.getpid())
    if windows is None:
        _limiters.clear()
        windows = _limiters[os.getpid()] = {}
    window = windows.setdefault((source, "person" if name else "source"), _Window())
    return window.hit(name, limit, time.monotonic())


def count(source: str, outcome: Literal["refused", "deferred", "released"], number: int = 1) -> None:
    """Count what became of events over a limit."""
    with _lock:
        counts[source, outcome] += number
    if outcome != "released":
        metrics.limited(outcome, number)
