"""Draining a lane: read the next events below the bound, handle them, move the cursor; one commit for all of it."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from diana import clock
from diana.events import agreement, cursors, delivery_claims, evolution, log, passing, retries, visits
from diana.events.envelope import Envelope
from diana.events.failures import backoff_seconds, is_transient
from diana.events.isolation import SystemicFailure, handle_isolated
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)

# Never fewer: on a starved machine the statements of a batch take longer than its events, and ever smaller ones would end in
# one event a batch, which a busy community outruns.
MIN_BATCH, FIRST_BATCH, MAX_BATCH = 32, 100, 2000
# A look at lanes sees so many rows for each event that fits into a batch, divided among the lanes and never fewer than a
# hundred of each; where few of them are the subscriber's, many more.
WINDOW_PER_EVENT, LEAST_WINDOW, WIDE_WINDOW = 4, 100, 5_000
# A look that fills less than this part of a batch although there is more shows that few are its own.
RARE_PART = 8
# An event during which the process ended so often is dead.
KILLING_ATTEMPTS = 3

# Who has mended the handler does not wait for longer.
LONGEST_PAUSE = 60.0

# Errors about the lane and not about an event: nothing to isolate.
BUS_ERRORS = (cursors.UnknownCursor, log.SequenceBehind, log.UnknownType, agreement.LanesDiffer, agreement.FenceDown)

# How many events of a subscriber fit into EVENTS_BATCH_SECONDS, learned by doing; per process.
_batch_sizes: dict[str, int] = {}
# The subscribers to whom little of the log belongs, as the last look showed; per process.
_rare: set[str] = set()


class HandlerFailed(RuntimeError):
    """A batch that was handled as one failed: its transaction is rolled back, its culprits are to be found."""

    def __init__(self, envelopes: Sequence[Envelope], error: Exception) -> None:
        super().__init__(str(error))
        self.envelopes, self.error = envelopes, error


class Drained(NamedTuple):
    """What a slice of work on a lane did. `more`: below the bound lies more; `above`: the first wanted id above it;
    `claims`: deliveries of an external subscriber that are the caller's to make.
    """

    handled: int
    more: bool
    above: int | None
    claims: Sequence[delivery_claims.Claim] = ()


class Batch(NamedTuple):
    """What one batch did. `failing`: nothing, because the lane has failures that come first if they are due."""

    handled: int
    more: bool = False
    above: int | None = None
    failing: bool = False
    claims: Sequence[delivery_claims.Claim] = ()


def drain_lane(subscriber: Subscriber, lane: int, *, seconds: float | None = None) -> Drained:
    """Work on the lane for about so many seconds: failures that are due, then new events. The caller holds its lock.

    Inside a transaction (tests) events that it published itself are read too.
    """
    deadline = time.monotonic() + (settings.EVENTS_SLICE_SECONDS if seconds is None else seconds)
    own = connection.in_atomic_block
    handled, retried, claims = 0, subscriber.external, list[delivery_claims.Claim]()
    while True:
        batch = _one_batch(subscriber, lane, own=own, retried=retried)
        if batch.failing:
            handled, retried = retries.retry_due(subscriber, lane), True
            continue
        handled += batch.handled
        claims += batch.claims
        if not batch.more:
            return Drained(handled, False, batch.above, claims)
        # Claims are to be made soon: other processes cannot.
        if claims or time.monotonic() >= deadline:
            return Drained(handled, True, None, claims)


def _one_batch(subscriber: Subscriber, lane: int, *, own: bool, retried: bool) -> Batch:
    """Handle one batch in one transaction: all at once, and if that fails again from the start with each part isolated.

    Inside somebody else's transaction it is isolated at once: there is no commit of its own to check constraints.
    """
    limit = batch_size(subscriber)
    try:
        return _pass(subscriber, lane, own=own, retried=retried, limit=limit, known={} if own else None)
    except HandlerFailed as failed:
        # Alone it is the culprit: no need to run it again to find that out.
        known = {failed.envelopes[0].position: failed.error} if len(failed.envelopes) == 1 else {}
        return _pass(subscriber, lane, own=own, retried=retried, limit=1 if known else limit, known=known)
    except Exception as error:
        if is_transient(error) or isinstance(error, BUS_ERRORS):
            raise
        return _pass(subscriber, lane, own=own, retried=retried, limit=limit, known={})


def _pass(
    subscriber: Subscriber, lane: int, *, own: bool, retried: bool, limit: int, known: dict[int, Exception] | None
) -> Batch:
    """Lock the cursor and handle what follows it, unless the lane is paused or suspect.

    `known` isolates the parts; it holds the errors that are known already, by position.
    """
    started = visits.start()
    try:
        with transaction.atomic():
            state = cursors.lock(subscriber, lane, own=own)
            if state.paused_until is not None and state.paused_until > clock.real_now():
                return Batch(0)
            if state.failing and not retried:
                return Batch(0, failing=True)
            if state.suspect_until is None or state.position >= state.suspect_until:
                return _handle_next(subscriber, lane, state, started, limit=limit, known=known)
        return _one_suspect(subscriber, lane, own=own)
    except SystemicFailure as error:
        _pause(subscriber, lane, state.pauses, error)
        return Batch(0)


def _handle_next(
    subscriber: Subscriber,
    lane: int,
    state: cursors.State,
    started: visits.Start,
    *,
    limit: int,
    known: dict[int, Exception] | None,
) -> Batch:
    """Read, handle, move the cursor; in the caller's transaction, which holds the cursor's row."""
    found = scan(subscriber, {lane: state}, limit=limit)
    accepted = [e for e in found.envelopes if subscriber.accepts(e)]
    handled, claims = len(accepted), list[delivery_claims.Claim]()
    if subscriber.external:
        claims = delivery_claims.enqueue(subscriber, accepted)
    elif accepted and known is None and not state.failing:
        handle_at_once(subscriber, accepted)
        visits.note(subscriber.name, started, accepted)
    elif accepted:
        blocked = retries.blocked_keys(subscriber, lane) if state.failing else set[str]()
        outcome = handle_isolated(subscriber, accepted, blocked, known or {})
        retries.store_outcome(subscriber, lane, outcome)
        handled = outcome.handled
        failed, held = [e.position for e, _ in outcome.failed], [e.position for e in outcome.held]
        visits.note(subscriber.name, started, accepted, failed=failed, held=held)
    position = found.positions.get(lane, state.position)
    if position > state.position or state.pauses:
        cursors.move(subscriber, lane, position, handled=handled)
    return Batch(handled, bool(found.more), found.above.get(lane), claims=claims)


def handle_at_once(subscriber: Subscriber, envelopes: Sequence[Envelope]) -> None:
    """Handle the events as one; an error that may be an event's comes out as HandlerFailed."""
    try:
        handle_timed(subscriber, envelopes)
    except Exception as error:
        if is_transient(error):
            raise
        raise HandlerFailed(envelopes, error) from error


def scan(subscriber: Subscriber, states: Mapping[int, cursors.State], *, limit: int) -> log.Scan:
    """Look at locked lanes below the bound; an unknown type that would be ours holds them."""
    bound = min(state.bound for state in states.values())
    highest = max(state.position for state in states.values())
    if highest > bound:
        log.check_sequence(highest)
    window = max(WINDOW_PER_EVENT * limit // len(states), LEAST_WINDOW)
    if subscriber.name in _rare:
        window = WIDE_WINDOW
    after = {lane: state.position for lane, state in states.items()}
    found = log.scan_lanes(subscriber, after, upto=bound, limit=limit, window=window)
    if found.more and len(found.envelopes) < limit // RARE_PART:
        _rare.add(subscriber.name)
    elif len(found.envelopes) == limit or not found.more:
        _rare.discard(subscriber.name)
    unknown = log.unknown_types(found.types, subscriber.patterns)
    if unknown:
        raise log.UnknownType(
            f"{subscriber.name} wants {', '.join(unknown)}, which this code does not know: deploy the newer code."
        )
    evolution.refuse_newer(found.envelopes)
    return found


def batch_size(subscriber: Subscriber) -> int:
    """Return how many events a batch of the subscriber should hold, as far as this process has learned."""
    return _batch_sizes.get(subscriber.name, FIRST_BATCH)


def handle_timed(subscriber: Subscriber, envelopes: Sequence[Envelope]) -> None:
    """Handle the events as one and learn from the time it took how many fit into a batch."""
    started = time.monotonic()
    subscriber.handle(envelopes)
    learn(subscriber, len(envelopes), time.monotonic() - started)


def learn(subscriber: Subscriber, count: int, seconds: float) -> None:
    """Adjust the batch to what fits into EVENTS_BATCH_SECONDS, by a factor of two at most: one that publishes holds the fence.

    `seconds` are the handler's alone: locks, reading and the commit take as long for few events as for many.
    """
    size = batch_size(subscriber)
    if count < size // 2:
        return
    fitting = int(count * settings.EVENTS_BATCH_SECONDS / max(seconds, 1e-4))
    _batch_sizes[subscriber.name] = max(MIN_BATCH, size // 2, min(MAX_BATCH, 2 * size, fitting))


def _one_suspect(subscriber: Subscriber, lane: int, *, own: bool) -> Batch:
    """Handle one event of a lane that stood still; the attempt is committed first, so that a killer ends as dead."""
    with transaction.atomic():
        state = cursors.lock(subscriber, lane, own=own)
        found = scan(subscriber, {lane: state}, limit=1)
        position = found.positions.get(lane, state.position)
        attempts = cursors.note_attempt(subscriber, lane, position)
        if attempts > KILLING_ATTEMPTS and found.envelopes:
            error = f"The process ended during each of {KILLING_ATTEMPTS} attempts."
            retries.record_dead(subscriber, lane, found.envelopes[0], KILLING_ATTEMPTS, error)
            cursors.move(subscriber, lane, position, handled=0)
            return Batch(0, more=True)
    started = visits.start()
    try:
        with transaction.atomic():
            return _handle_next(subscriber, lane, cursors.lock(subscriber, lane, own=own), started, limit=1, known={})
    except Exception as error:
        # The process lives, so what passed through is nobody's fault: a lock that was waited for, a deadlock.
        cursors.forget_attempt(subscriber, lane)
        if not passing.set_aside(subscriber, lane, found.envelopes, error):
            raise
        return Batch(0, more=True)


def _pause(subscriber: Subscriber, lane: int, pauses: int, error: Exception) -> None:
    """Leave the lane alone for a while, longer each time."""
    seconds = min(max(1.0, backoff_seconds(pauses + 1)), LONGEST_PAUSE)
    logger.error("%s lane %s is paused for %.0f s: %s", subscriber.name, lane, seconds, error)
    cursors.pause(subscriber, lane, seconds)
