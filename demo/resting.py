"""Waiting until everything is handled: told by the state of the bus, never by the time that has passed."""

import time
from collections.abc import Callable

from django.db.models import Max

from demo.errors import DemoError
from diana.events import log
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.relay import lanes_behind

LOOK_SECONDS = 0.05


def wait_until(ready: Callable[[], bool], *, what: str, seconds: float, pending: Callable[[], str]) -> None:
    """Look until it is so; raises DemoError with what is pending when that takes too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise DemoError(f"{what}: not after {seconds:.0f} s. Pending: {pending() or 'nothing any more'}.")
        time.sleep(LOOK_SECONDS)


def is_at_rest() -> bool:
    """Say whether nothing is left to do and nobody is about to add anything.

    The order proves it: with no event added in between, lanes that are up to date cannot make new deliveries.
    """
    newest = _newest_event()
    return log.bound() >= newest and not pending() and _newest_event() == newest


def pending() -> str:
    """Return what is still to be done, lanes before deliveries; empty if nothing is."""
    parts = [f"{found.subscriber.name} lane {found.lane} ({found.events} events)" for found in lanes_behind()]
    parts += [f"delivery of {row}" for row in Delivery.objects.order_by("position")[:10]]
    open_failures = Failure.objects.filter(status__in=[Failure.Status.RETRYING, Failure.Status.HELD])
    parts += [f"{row} failed: {row.error}" for row in open_failures.order_by("position")[:10]]
    return ", ".join(parts)


def _newest_event() -> int:
    newest: int | None = StoredEvent.objects.aggregate(newest=Max("id"))["newest"]
    return newest or 0
