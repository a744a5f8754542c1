"""Draining a lane: read the next events below the bound, handle them, move the cursor; one commit for all of it."""

import logging
import time
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from diana import clock
from diana.events import cursors, deliveries, log, retries
from diana.events.failures import backoff_seconds
from diana.events.isolation import SystemicFailure, handle_isolated
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)

MIN_BATCH, FIRST_BATCH, MAX_BATCH = 1, 100, 2000
# A look at a lane passes at most so many rows that are somebody else's.
WINDOW = 5_000
# An event during which the process ended so often is dead.
KILLING_ATTEMPTS = 3

# How many events of a subscriber fit into EVENTS_BATCH_SECONDS, learned by doing; per process.
_batch_sizes: dict[str, int] = {}


class Drained(NamedTuple):
    """What a slice of work on a lane did. `more`: below the bound lies more; `above`: the first wanted id above it."""

    handled: int
    more: bool
    above: int | None


def drain_lane(subscriber: Subscriber, lane: int, *, seconds: float | None = None) -> Drained:
    """Work on the lane for about so many seconds: what is due again first, then new events. The caller holds its lock.

    Inside a transaction (tests) events that it published itself are read too.
    """
    deadline = time.monotonic() + (settings.EVENTS_SLICE_SECONDS if seconds is None else seconds)
    handled = 0 if subscriber.external else retries.retry_due(subscriber, lane)
    own = connection.in_atomic_block
    while True:
        more, count, position = _one_batch(subscriber, lane, own=own)
        handled += count
        if not more:
            above = None if position is None else log.first_wanted_above(subscriber, lane, position)
            return Drained(handled, False, above)
        if time.monotonic() >= deadline:
            return Drained(handled, True, None)


def _one_batch(subscriber: Subscriber, lane: int, *, own: bool) -> tuple[bool, int, int | None]:
    """Handle one batch in one transaction; return (more below the bound, handled, position; None while paused)."""
    started = time.monotonic()
    limit = _batch_sizes.get(subscriber.name, FIRST_BATCH)
    try:
        with transaction.atomic():
            state = cursors.lock(subscriber, lane)
            if state.paused_until is not None and state.paused_until > clock.now():
                return False, 0, None
            if state.suspect_until is None or state.position >= state.suspect_until:
                return _handle_next(subscriber, lane, state, limit=limit, own=own, started=started)
        return _one_suspect(subscriber, lane, own=own)
    except SystemicFailure as error:
        _pause(subscriber, lane, state.pauses, error)
        return False, 0, None


def _handle_next(
    subscriber: Subscriber, lane: int, state: cursors.State, *, limit: int, own: bool, started: float
) -> tuple[bool, int, int]:
    """Read, handle, move the cursor; in the caller's transaction, which holds the cursor's row."""
    scan = _scan(subscriber, lane, state, limit=limit, own=own)
    accepted = [e for e in scan.envelopes if subscriber.accepts(e)]
    if subscriber.external:
        deliveries.enqueue(subscriber, lane, accepted)
        handled = len(accepted)
    elif accepted:
        outcome = handle_isolated(subscriber, accepted, retries.blocked_keys(subscriber, lane))
        retries.store_outcome(subscriber, lane, outcome)
        handled = outcome.handled
        if not outcome.failed:
            _learn(subscriber, len(accepted), time.monotonic() - started)
    else:
        handled = 0
    if scan.position > state.position or state.pauses:
        cursors.move(subscriber, lane, scan.position, handled=handled)
    return scan.more, handled, scan.position


def _scan(subscriber: Subscriber, lane: int, state: cursors.State, *, limit: int, own: bool) -> log.Scan:
    """Look at the lane below the bound; an unknown type that would be ours holds the lane."""
    upto = log.bound(own=own)
    if state.position >= upto:
        log.check_sequence(state.position)
        return log.Scan([], state.position, False)
    scan, seen = log.scan_lane(
        lane, after=state.position, upto=upto, types=subscriber.types, limit=limit, window=max(WINDOW, limit)
    )
    unknown = log.unknown_types(seen, subscriber.patterns)
    if unknown:
        raise log.UnknownType(
            f"{subscriber.name} wants {', '.join(unknown)}, which this code does not know: deploy the newer code."
        )
    return scan


def _learn(subscriber: Subscriber, count: int, seconds: float) -> None:
    """Adjust the batch to what fits into EVENTS_BATCH_SECONDS, at most doubling: a batch that publishes holds the fence."""
    size = _batch_sizes.get(subscriber.name, FIRST_BATCH)
    if count < size // 2:
        return
    fitting = int(count * settings.EVENTS_BATCH_SECONDS / max(seconds, 1e-4))
    _batch_sizes[subscriber.name] = max(MIN_BATCH, min(MAX_BATCH, 2 * size, fitting))


def _one_suspect(subscriber: Subscriber, lane: int, *, own: bool) -> tuple[bool, int, int]:
    """Handle one event of a lane that stood still; the attempt is committed first, so that a killer ends as dead."""
    with transaction.atomic():
        state = cursors.lock(subscriber, lane)
        scan = _scan(subscriber, lane, state, limit=1, own=own)
        attempts = cursors.note_attempt(subscriber, lane, scan.position)
        if attempts > KILLING_ATTEMPTS and scan.envelopes:
            error = f"The process ended during each of {KILLING_ATTEMPTS} attempts."
            retries.record_dead(subscriber, lane, scan.envelopes[0], KILLING_ATTEMPTS, error)
            cursors.move(subscriber, lane, scan.position, handled=0)
            return True, 0, scan.position
    try:
        with transaction.atomic():
            state = cursors.lock(subscriber, lane)
            return _handle_next(subscriber, lane, state, limit=1, own=own, started=time.monotonic())
    except Exception:
        # The process lives, so what passed through is nobody's fault: a lock that was waited for, a deadlock.
        cursors.forget_attempt(subscriber, lane)
        raise


def _pause(subscriber: Subscriber, lane: int, pauses: int, error: Exception) -> None:
    """Leave the lane alone for a while, longer each time."""
    seconds = max(1.0, backoff_seconds(pauses + 1))
    logger.error("%s lane %s is paused for %.0f s: %s", subscriber.name, lane, seconds, error)
    cursors.pause(subscriber, lane, seconds)
