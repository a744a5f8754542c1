"""Wake-up flags in Redis: one for each subscriber and lane, so that what waits is carried by one task.

Redis only makes things fast. Every call here is bounded in time, goes through the circuit breaker, and its loss
costs at most a pass of the relay.
"""

import logging
import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import pybreaker
import redis
from django.conf import settings

from diana.redis_addresses import Address

logger = logging.getLogger(__name__)
T = TypeVar("T")

FLAG_SECONDS = 5
RELAY_SECONDS = 60

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


def raise_flags(lanes: Sequence[tuple[str, int]]) -> list[bool]:
    """Raise the flag of each lane; return for each whether it was down, which makes the caller the one who sends."""

    def call() -> list[bool]:
        with client().pipeline(transaction=False) as pipeline:
            for subscriber, lane in lanes:
                pipeline.set(_flag(subscriber, lane), 1, nx=True, ex=FLAG_SECONDS)
            return [bool(answer) for answer in pipeline.execute()]

    return guarded(call)


def keep_flag(subscriber: str, lane: int) -> None:
    """Raise the flag without asking: the caller sends in any case."""
    guarded(lambda: client().set(_flag(subscriber, lane), 1, ex=FLAG_SECONDS))


def lower_flag(subscriber: str, lane: int) -> None:
    """Lower the flag: by whoever holds the lane's lock, before reading."""
    guarded(lambda: client().delete(_flag(subscriber, lane)))


def lower_flags(lanes: Sequence[tuple[str, int]]) -> None:
    """Lower the flags of lanes for which no task could be sent."""
    guarded(lambda: client().delete(*(_flag(subscriber, lane) for subscriber, lane in lanes)))


def flag_is_up(subscriber: str, lane: int) -> bool:
    """Say whether somebody has something new for the lane."""
    return bool(guarded(lambda: client().exists(_flag(subscriber, lane))))


def claim_relay(subscriber: str, lane: int) -> bool:
    """Say whether the relay may send: its last wake-up of the lane was consumed, or is long gone."""
    key = f"diana:relay:{subscriber}:{lane}"
    return bool(guarded(lambda: client().set(key, 1, nx=True, ex=RELAY_SECONDS)))


def consume_relay(subscriber: str, lane: int) -> None:
    """Tell the relay that its wake-up has arrived."""
    guarded(lambda: client().delete(f"diana:relay:{subscriber}:{lane}"))
