"""Celery applications whose worker comes to grief at a chosen place, so that the code itself needs no such places.

`celery -A torture.failpoints` behaves like `-A config` until a subscriber of FAILPOINT_QUEUE's kind has been reached for
the FAILPOINT_AT-th time. FAILPOINT: `before` its effects, `inside` the transaction that holds them, `after` its commit:
the process group gets SIGKILL. `late`: it holds the transaction open for FAILPOINT_SECONDS. For external subscribers
`before` and `after` stand around the call; what was done is not recorded yet.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from celery.signals import worker_init

from config.celery import app

__all__ = ["app"]

PLACE = os.environ.get("FAILPOINT", "")
SECONDS = float(os.environ.get("FAILPOINT_SECONDS", "4"))
AT = int(os.environ.get("FAILPOINT_AT", "1"))
_seen = 0
_counting = threading.Lock()


def _reached() -> bool:
    """Count; say whether this is the time."""
    global _seen
    with _counting:
        _seen += 1
        return _seen == AT


def _die() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


@worker_init.connect
def install(**_: Any) -> None:
    """Before the pool is forked: put the place around what all subscribers go through."""
    from diana.events import subscriptions

    original = subscriptions.Subscriber.handle

    @wraps(original)
    def handle(self: subscriptions.Subscriber, envelopes: Any) -> None:
        from django.db import transaction

        now = _reached()
        if now and PLACE == "before":
            _die()
        original(self, envelopes)
        if now and PLACE == "late":
            time.sleep(SECONDS)
        if now and PLACE == "inside":
            _die()
        if now and PLACE == "after":
            transaction.on_commit(_die)

    subscriptions.Subscriber.handle = handle  # type: ignore[method-assign]
    for subscriber in subscriptions.subscribers():
        if subscriber.external and asyncio.iscoroutinefunction(subscriber.function):
            subscriber.function = _around(subscriber.function)


def _around(function: Callable[..., Coroutine[Any, Any, object]]) -> Callable[..., Coroutine[Any, Any, object]]:
    @wraps(function)
    async def call(envelope: Any) -> object:
        now = _reached()
        if now and PLACE == "before":
            _die()
        result = await function(envelope)
        if now and PLACE in ("inside", "after"):
            _die()
        return result

    return call
