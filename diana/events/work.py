"""What a wake-up does: take the lane, drain it, look once more whether somebody came by meanwhile.

The protocol is explored over all its interleavings in tests/events/test_wake_protocol.py; change both together.
"""

import contextlib
import logging
from typing import Literal

from diana.events import cursors, deliveries, drain, other_code, wakeups
from diana.events.locks import lane_lock
from diana.events.subscriptions import Hint, Subscriber
from diana.events.waker import waker

logger = logging.getLogger(__name__)

DELIVERY_SECONDS = 1.0

# Marks the hint of a wake-up that the relay made.
BY_RELAY: Hint = {"by": "relay"}

Result = Literal["busy", "idle", "more", "left"]


def work(subscriber: Subscriber, lane: int, hint: Hint) -> Result:
    """Drain the lane and make its deliveries; a second call while the first runs leaves at once.

    Whoever finds the lane busy does not touch the flag: its holder looks at it again after unlocking.
    """
    while True:
        with lane_lock(subscriber.name, lane) as held:
            if not held:
                return "busy"
            with contextlib.suppress(wakeups.Unavailable):
                wakeups.lower_flag(subscriber.name, lane)
            try:
                drained = _drain(subscriber, lane, trial=hint == BY_RELAY)
            except drain.BUS_ERRORS as error:
                other_code.leave(subscriber.name, error)
                return "left"
        if drained.above is not None:
            waker().look_again(subscriber.name, lane, drained.above, hint)
        more = drained.more
        if subscriber.external:
            more |= deliveries.deliver(subscriber, lane, drained.claims, seconds=DELIVERY_SECONDS).more
        if more:
            waker().send_next(subscriber.name, lane, hint)
            return "more"
        try:
            if not wakeups.flag_is_up(subscriber.name, lane):
                return "idle"
        except wakeups.Unavailable:
            return "idle"


def _drain(subscriber: Subscriber, lane: int, *, trial: bool) -> drain.Drained:
    """Drain for a slice; on a trial leave a trace first, so that the relay knows if the work ended the process."""
    if not trial:
        return drain.drain_lane(subscriber, lane)
    cursors.begin_trial(subscriber, lane)
    try:
        drained = drain.drain_lane(subscriber, lane)
    except drain.BUS_ERRORS:
        cursors.end_trial(subscriber, lane)
        raise
    cursors.end_trial(subscriber, lane)
    return drained
