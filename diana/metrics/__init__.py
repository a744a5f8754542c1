"""What a process counts about itself: one call for each thing that happened, cheap, and never an error for the caller.

Knows nothing of the bus; the numbers that stand in the database are read where they are shown (views.py).
"""

import functools
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, ParamSpec

from diana.metrics import store
from diana.metrics.meters import own_meters

__all__ = [
    "awarded",
    "batch",
    "breaker_changed",
    "delivered",
    "died",
    "failed",
    "fed",
    "handling",
    "limited",
    "published",
    "refused",
    "repeated",
    "retried",
    "totals",
    "unsent",
    "wake_failed",
    "wakes_sent",
]

# Why a call to the outside may be made a second time: its sender is gone or took too long, the database session was lost
# between the call and its record, or no reply arrived.
Cause = Literal["sender_gone", "lease_over", "session_lost", "no_reply"]

logger = logging.getLogger(__name__)
P = ParamSpec("P")


def _harmless(function: Callable[P, None]) -> Callable[P, None]:
    """Have the function log its errors instead of raising them: no act fails because it could not be counted."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except Exception:
            logger.exception("%s could not be counted", function.__name__)

    return call


@_harmless
def published(events: int, seconds: float) -> None:
    """Count what one call of publish_many() wrote, once it is committed."""
    found = own_meters()
    found.published.inc(events)
    found.publish_seconds.observe(seconds)


@contextmanager
def handling(subscriber: str, events: int) -> Iterator[None]:
    """Measure one call of a handler with so many events, whether or not it fails."""
    started = time.perf_counter()
    try:
        yield
    finally:
        batch(subscriber, events, time.perf_counter() - started)


@_harmless
def batch(subscriber: str, events: int, seconds: float) -> None:
    """Count a batch and the time that its handler took."""
    found = own_meters()
    found.batch_events.labels(subscriber).observe(events)
    found.handle_seconds.labels(subscriber).observe(seconds)


@_harmless
def awarded(
    acts: int, awards: Mapping[str, int], points: int, suppressed: Mapping[str, int], seconds: tuple[float, float]
) -> None:
    """Count a committed batch of acts: awards by rule, suppressed acts by reason, seconds of deciding and of storing."""
    found = own_meters()
    found.acts.inc(acts)
    for rule, number in awards.items():
        found.awarded.labels(rule).inc(number)
    found.awarded_points.inc(points)
    for reason, number in suppressed.items():
        found.suppressed.labels(reason).inc(number)
    found.decide_seconds.observe(seconds[0])
    found.store_seconds.observe(seconds[1])


@_harmless
def unlocked(tiers: Mapping[str, int]) -> None:
    """Count committed unlocks of achievements by tier."""
    for tier, number in tiers.items():
        own_meters().unlocked.labels(tier).inc(number)


@_harmless
def delivered(subscriber: str) -> None:
    """Count a delivery that an external subscriber has made."""
    own_meters().delivered.labels(subscriber).inc()


@_harmless
def repeated(subscriber: str, cause: Cause) -> None:
    """Count a delivery that may be made a second time."""
    own_meters().repeated.labels(subscriber, cause).inc()


@_harmless
def failed(subscriber: str, error: BaseException) -> None:
    """Count a failed attempt at an event, by the kind of its error: retry, permanent, or an error nobody expected."""
    names = {kind.__name__.lower() for kind in type(error).__mro__}
    own_meters().failed.labels(subscriber, next((k for k in ("retry", "permanent") if k in names), "error")).inc()


@_harmless
def retried(subscriber: str) -> None:
    """Count another attempt at an event that failed before."""
    own_meters().retried.labels(subscriber).inc()


@_harmless
def died(subscriber: str) -> None:
    """Count an event that became a dead letter."""
    own_meters().died.labels(subscriber).inc()


@_harmless
def wakes_sent(tasks: int = 1) -> None:
    """Count tasks sent to the broker."""
    own_meters().wakes.labels("sent").inc(tasks)


@_harmless
def wake_failed(tasks: int = 1) -> None:
    """Count wake-ups that could not be sent and are left to the relay."""
    own_meters().wakes.labels("failed").inc(tasks)


@_harmless
def limited(outcome: Literal["refused", "deferred"], events: int = 1) -> None:
    """Count events that a rate limit refused or put off."""
    own_meters().limited.labels(outcome).inc(events)


@_harmless
def fed(outcome: Literal["sent", "dropped"], events: int) -> None:
    """Count events that went out on the live feed, or found no room there."""
    own_meters().feed.labels(outcome).inc(events)


@_harmless
def refused(method: str, meaning: str) -> None:
    """Count an error of the Bot API."""
    own_meters().refused.labels(method, meaning).inc()


@_harmless
def unsent(reason: Literal["closed", "topic", "gone", "refused", "late", "superseded"]) -> None:
    """Count an answer that nobody gets."""
    own_meters().unsent.labels(reason).inc()


@_harmless
def breaker_changed(name: str, state: str) -> None:
    """Note that a circuit breaker of this process is closed, open or half-open."""
    found = own_meters()
    found.breaker_open.labels(name).set(0 if state == "closed" else 1)
    if state == "open":
        found.breaker_openings.labels(name).inc()


def totals() -> dict[str, float]:
    """Return what all processes of this machine counted, by name; nothing where it cannot be read."""
    try:
        return store.totals()
    except (store.Busy, OSError):
        return {}
