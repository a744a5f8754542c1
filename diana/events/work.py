"""What a wake-up does: take the lanes that have something new, drain them, look once more whether somebody came by.

The protocol is explored over all its interleavings in tests/events/test_wake_protocol.py; change both together.
"""

import contextlib
from collections.abc import Sequence
from typing import Literal

from diana.events import cursors, deliveries, drain, other_code, together, wakeups
from diana.events.locks import lane_locks
from diana.events.subscriptions import Hint, Subscriber
from diana.events.waker import waker

DELIVERY_SECONDS = 1.0
# A visit takes that many lanes at most and leaves the others to the next task. All there usually are: what is too much for
# one is passed on in halves, and under load one visit to many lanes costs less than two.
LANES_AT_ONCE = 16

# Marks the hint of a wake-up that the relay made.
BY_RELAY: Hint = {"by": "relay"}

Result = Literal["busy", "idle", "more", "left"]


def visit(subscriber: Subscriber, lanes: Sequence[int], hint: Hint) -> Result:
    """What a task does: work on the lanes it names and on those whose flags are up. The relay's tasks name all theirs."""
    wanted = list(lanes) if hint == BY_RELAY else list(dict.fromkeys([*lanes, *_flagged(subscriber)]))
    if len(wanted) > LANES_AT_ONCE:
        waker().send_next(subscriber.name, wanted[LANES_AT_ONCE:], hint)
    return work(subscriber, wanted[:LANES_AT_ONCE], hint)


def _flagged(subscriber: Subscriber) -> list[int]:
    try:
        return wakeups.take_flags(subscriber.name)
    except wakeups.Unavailable:
        return []


def work(subscriber: Subscriber, lanes: Sequence[int], hint: Hint, *, passes_on: bool = True) -> Result:
    """Drain the lanes and make their deliveries; lanes that somebody else works on are left to them.

    Whoever finds a lane busy does not touch its flag: its holder looks at it again after unlocking. What is left when the
    slice is over goes to the next task, unless the caller goes on with it.
    """
    # What is woken from here was not woken by the relay: it is no trial, and its task sees to all flags.
    onward: Hint = {} if hint == BY_RELAY else hint
    with lane_locks(subscriber.name, lanes) as held:
        if not held:
            return "busy"
        with contextlib.suppress(wakeups.Unavailable):
            wakeups.lower_flags(subscriber.name, held)
        try:
            drained = _drain(subscriber, held, trial=hint == BY_RELAY)
        except drain.BUS_ERRORS as error:
            other_code.leave(subscriber.name, error)
            return "left"
    for lane, position in drained.above.items():
        waker().look_again(subscriber.name, lane, position, onward)
    more = set(drained.more)
    if subscriber.external:
        more |= deliveries.deliver(subscriber, held, drained.claims, seconds=DELIVERY_SECONDS).more
    if more:
        if passes_on:
            _pass_on(subscriber, sorted(more), onward)
        return "more"
    with contextlib.suppress(wakeups.Unavailable):
        # What came meanwhile is for the next task, so that other subscribers have their turn before it.
        waker().notify({(subscriber.name, lane): onward for lane in wakeups.raised_flags(subscriber.name, held)})
    return "idle"


def _pass_on(subscriber: Subscriber, lanes: Sequence[int], hint: Hint) -> None:
    """Leave the lanes to the next task; much work to two, so that it spreads over the processes that are free."""
    half = (len(lanes) + 1) // 2
    for part in (lanes[:half], lanes[half:]):
        if part:
            waker().send_next(subscriber.name, part, hint)


def _drain(subscriber: Subscriber, lanes: Sequence[int], *, trial: bool) -> together.Drained:
    """Drain for a slice; on a trial leave a trace first, so that the relay knows if the work ended the process."""
    if not trial:
        return together.drain_lanes(subscriber, lanes)
    cursors.begin_trials(subscriber, lanes)
    try:
        drained = together.drain_lanes(subscriber, lanes)
    except Exception:
        # An error is no death: the process lives to say so.
        cursors.end_trials(subscriber, lanes)
        raise
    cursors.end_trials(subscriber, lanes)
    return drained
