"""Wake-up flags in Redis: one for each subscriber and lane, and one for the task that is on its way to a subscriber, so
that what waits in many lanes is carried by one task.

Redis only makes things fast. Every call here is bounded in time, goes through the circuit breaker, and its loss
costs at most a pass of the relay.
"""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pybreaker
import redis
from django.conf import settings

from diana.events.lanes import LANES
from diana.redis_addresses import Address

logger = logging.getLogger(__name__)
T = TypeVar("T")

FLAG_SECONDS = 5
# A wake-up of the relay that was lost with its worker is sent again after so long.
RELAY_SECONDS = 1

breaker = pybreaker.CircuitBreaker(
    fail_max=settings.EVENTS_BREAKER_FAILURES, reset_timeout=settings.EVENTS_BREAKER_RESET_SECONDS, name="redis"
)

_clients: dict[int, redis.Redis] = {}


class Unavailable(RuntimeError):
    """Redis did not answer, or the breaker is open: the relay will see to the lanes."""


def client() -> redis.Redis:
    """Return this process's client. redis-py's own retries are off: a hung server would cost seconds."""
    found = _clients.get(os.getpid())
    if found is None:
        timeout = settings.EVENTS_REDIS_TIMEOUT_SECONDS
        found = Address("REDIS_URL", settings.REDIS_URL).client(timeout)
        _clients.clear()
        _clients[os.getpid()] = found
    return found


def guarded(call: Callable[[], T]) -> T:
    """Make a call to Redis or the broker through the breaker; raises Unavailable instead of what went wrong."""
    try:
        result: T = breaker.call(call)
    except pybreaker.CircuitBreakerError as error:
        raise Unavailable("The circuit breaker is open.") from error
    except Exception as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    return result


def is_open() -> bool:
    """Say whether the breaker keeps this process from asking Redis."""
    return bool(breaker.current_state == pybreaker.STATE_OPEN)


def _flag(subscriber: str, lane: int) -> str:
    return f"diana:wake:{subscriber}:{lane}"


def _sent(subscriber: str) -> str:
    return f"diana:sent:{subscriber}"


def raise_flags(lanes: Iterable[tuple[str, int]]) -> list[str]:
    """Raise the flag of each lane; return the subscribers that have no task on its way: the caller sends them one."""
    lanes = list(lanes)
    names = list(dict.fromkeys(name for name, _ in lanes))

    def call() -> list[str]:
        with client().pipeline(transaction=False) as pipeline:
            for name, lane in lanes:
                pipeline.set(_flag(name, lane), 1, ex=FLAG_SECONDS)
            # After the flags: whoever takes the task sees them.
            for name in names:
                pipeline.set(_sent(name), 1, nx=True, ex=FLAG_SECONDS)
            answers = pipeline.execute()[len(lanes) :]
        return [name for name, was_down in zip(names, answers, strict=True) if was_down]

    return guarded(call)


def keep_flags(subscriber: str, lanes: Iterable[int]) -> None:
    """Raise the flags of lanes for which the caller sends a task in any case."""

    def call() -> None:
        with client().pipeline(transaction=False) as pipeline:
            for lane in lanes:
                pipeline.set(_flag(subscriber, lane), 1, ex=FLAG_SECONDS)
            pipeline.execute()

    guarded(call)


def take_flags(subscriber: str) -> list[int]:
    """Note that the subscriber's task has arrived; then return the lanes whose flags are up, for whom it answers now."""

    def call() -> list[int]:
        with client().pipeline(transaction=False) as pipeline:
            pipeline.delete(_sent(subscriber))
            pipeline.mget([_flag(subscriber, lane) for lane in range(LANES)])
            return [lane for lane, flag in enumerate(pipeline.execute()[1]) if flag]

    return guarded(call)


def lower_flags(subscriber: str, lanes: Sequence[int]) -> None:
    """Lower the flags: by whoever holds the lanes' locks, before reading."""
    if lanes:
        guarded(lambda: client().delete(*(_flag(subscriber, lane) for lane in lanes)))


def forget_sent(subscribers: Sequence[str]) -> None:
    """Take back that these subscribers have a task on its way: it could not be sent."""
    if subscribers:
        guarded(lambda: client().delete(*map(_sent, subscribers)))


def raised_flags(subscriber: str, lanes: Sequence[int]) -> list[int]:
    """Return in which of these lanes somebody has something new."""
    flags = guarded(lambda: client().mget([_flag(subscriber, lane) for lane in lanes])) if lanes else []
    return [lane for lane, flag in zip(lanes, flags, strict=True) if flag]


def claim_relay(subscriber: str) -> bool:
    """Say whether a relay may send now: the last wake-up by one was consumed, or has had RELAY_SECONDS to arrive."""
    return bool(guarded(lambda: client().set(f"diana:relay:{subscriber}", 1, nx=True, ex=RELAY_SECONDS)))


def consume_relay(subscriber: str) -> None:
    """Tell the relays that a wake-up by one of them has arrived."""
    guarded(lambda: client().delete(f"diana:relay:{subscriber}"))
