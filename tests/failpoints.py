"""Celery applications for tests whose worker kills itself at a chosen place, so that the code itself needs no such places.

`celery -A tests.failpoints` behaves like `-A config` until FAILPOINT is reached for the FAILPOINT_AT-th time; then the
whole process group gets SIGKILL. FAILPOINT: `before` the transaction has done anything, `inside` it when all effects
are written and the cursor is not, `after` its commit.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

from celery.signals import worker_init

from config.celery import app

__all__ = ["app"]

_PLACE = os.environ.get("FAILPOINT", "")
_SUBSCRIBER = os.environ.get("FAILPOINT_SUBSCRIBER", "gamification.award_points")
_AT = int(os.environ.get("FAILPOINT_AT", "1"))
_seen = 0


def _reached() -> None:
    global _seen
    _seen += 1
    if _seen >= _AT:
        os.killpg(os.getpgid(0), signal.SIGKILL)


@worker_init.connect
def install(**_: Any) -> None:
    """Before the pool is forked: wrap the functions of the bus that stand at the chosen place."""
    from diana.events import cursors, deliveries, together

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(subscriber: Any, *args: Any, **kwargs: Any) -> Any:
            if subscriber.name == _SUBSCRIBER:
                _reached()
            return function(subscriber, *args, **kwargs)

        return call

    def before_many(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(made: Any) -> Any:
            if any(name == _SUBSCRIBER for name, _ in made):
                _reached()
            return function(made)

        return call

    def after(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(subscriber: Any, *args: Any, **kwargs: Any) -> Any:
            result = function(subscriber, *args, **kwargs)
            if subscriber.name == _SUBSCRIBER and result.drained.handled:
                _reached()
            return result

        return call

    match _PLACE:
        case "before":
            cursors.lock_lanes = before(cursors.lock_lanes)
        case "inside":
            cursors.move_lanes = before(cursors.move_lanes)
        case "after":
            together._pass = after(together._pass)
        case "sent":
            deliveries.record = before(deliveries.record)
            deliveries.record_made = before_many(deliveries.record_made)
