"""Draining several lanes in one transaction: what a wake-up does as long as nothing fails.

Under load one transaction carries what waits in many lanes. Whatever is out of the ordinary (a failure, a retry, a
suspect) is left to drain.py, lane by lane.
"""

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from diana import clock
from diana.events import cursors, delivery_claims, drain, passing, visits
from diana.events.envelope import Envelope
from diana.events.failures import is_transient
from diana.events.lanes import lane_of
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)


class Drained(NamedTuple):
    """What a slice of work on some lanes did. `more`: lanes with more below the bound; `above`: of a lane the first
    wanted id above it; `claims`: deliveries of an external subscriber that are the caller's to make.
    """

    handled: int
    more: set[int]
    above: dict[int, int]
    claims: list[delivery_claims.Claim]


class _Pass(NamedTuple):
    """What one transaction did. `apart`: lanes that have to be worked on one by one."""

    drained: Drained
    apart: set[int]


def drain_lanes(subscriber: Subscriber, lanes: Sequence[int], *, seconds: float | None = None) -> Drained:
    """Work on the lanes for about so many seconds; the caller holds their locks. An error of one lane keeps no other
    from being worked on; the first is raised at the end.
    """
    deadline = time.monotonic() + (settings.EVENTS_SLICE_SECONDS if seconds is None else seconds)
    done, together, apart = Drained(0, set(), {}, []), set(lanes), set[int]()
    while together:
        step = _pass(subscriber, sorted(together))
        done = _add(done, step.drained)
        apart |= step.apart
        together = step.drained.more
        # Claims are to be made soon: other processes cannot.
        if done.claims or time.monotonic() >= deadline:
            break
    done = done._replace(more=together)
    return _drain_apart(subscriber, sorted(apart), done, deadline) if apart else done


def _add(done: Drained, step: Drained) -> Drained:
    return Drained(done.handled + step.handled, step.more, done.above | step.above, done.claims + step.claims)


def _pass(subscriber: Subscriber, lanes: Sequence[int]) -> _Pass:
    """Handle the next events of these lanes in one transaction; if that fails, nothing happened and all go apart."""
    try:
        with transaction.atomic():
            step = _handle_next(subscriber, lanes)
    except cursors.UnknownCursor:
        raise
    except Exception as error:
        if _is_lost() or (is_transient(error) and len(lanes) == 1):
            if len(lanes) == 1:
                passing.note_lane(subscriber, lanes[0], error)
            raise
        return _Pass(Drained(0, set(), {}, []), set(lanes))
    return step


def _handle_next(subscriber: Subscriber, lanes: Sequence[int]) -> _Pass:
    """Lock the cursors, read, handle, move the cursors; in the caller's transaction."""
    started = visits.start()
    states = cursors.lock_lanes(subscriber, lanes)
    apart = {lane for lane, state in states.items() if state.failing or _is_suspect(state)}
    plain = {lane: state for lane, state in states.items() if lane not in apart and not _is_paused(state)}
    if not plain:
        return _Pass(Drained(0, set(), {}, []), apart)
    found = drain.scan(subscriber, plain, limit=drain.batch_size(subscriber))
    accepted = [envelope for envelope in found.envelopes if subscriber.accepts(envelope)]
    claims = list[delivery_claims.Claim]()
    if subscriber.external:
        claims = delivery_claims.enqueue(subscriber, accepted)
    elif accepted:
        drain.handle_timed(subscriber, accepted)
        visits.note(subscriber.name, started, accepted)
    _move(subscriber, plain, found.positions, accepted)
    return _Pass(Drained(len(accepted), found.more, found.above, claims), apart)


def _move(
    subscriber: Subscriber, states: dict[int, cursors.State], positions: dict[int, int], handled: Sequence[Envelope]
) -> None:
    """Move the cursors of the lanes in which anything was seen."""
    counts = dict.fromkeys(positions, 0)
    for envelope in handled:
        counts[lane_of(envelope.key)] += 1
    moves = {
        lane: (position, counts[lane])
        for lane, position in positions.items()
        if position > states[lane].position or states[lane].pauses
    }
    if moves:
        cursors.move_lanes(subscriber, moves)


def _is_lost() -> bool:
    """Say whether the database went away: nothing can be done for any lane."""
    return connection.connection is None or bool(connection.connection.closed)


def _is_suspect(state: cursors.State) -> bool:
    return state.suspect_until is not None and state.position < state.suspect_until


def _is_paused(state: cursors.State) -> bool:
    return state.paused_until is not None and state.paused_until > clock.real_now()


def _drain_apart(subscriber: Subscriber, lanes: Sequence[int], done: Drained, deadline: float) -> Drained:
    """Work on the lanes one by one, each at least once; what is over when the time is up is more."""
    errors = list[Exception]()
    for lane in lanes:
        try:
            one = drain.drain_lane(subscriber, lane, seconds=max(0.0, deadline - time.monotonic()))
        except Exception as error:
            lost = _is_lost()
            passing.note_lane(subscriber, lane, error)
            if lost:
                delivery_claims.give_back_if_possible(done.claims)
                raise
            errors.append(error)
            continue
        above = {} if one.above is None else {lane: one.above}
        more = done.more | ({lane} if one.more else set())
        done = Drained(done.handled + one.handled, more, done.above | above, [*done.claims, *one.claims])
    if errors and not done.handled:
        raise errors[0]
    for found in errors:
        logger.error("%s could not work on a lane: %s", subscriber.name, found, exc_info=found)
    return done
