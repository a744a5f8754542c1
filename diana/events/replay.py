"""Replay: a subscriber's handler runs once more over events that it has passed, while live work goes on.

Only what lies at or below the cursors: the rest is live work and comes by itself. The log is read in the order of its
ids; what one stretch of it holds is handled lane by lane, in batches, each in a transaction that holds the lane's
cursor, so that a handler never runs twice at a time on one lane. Cursors are not moved and failures not written: killed
anywhere, a replay leaves nothing behind but effects that another one will not repeat.
"""

import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.db import connection, transaction

from diana.audit import Actor, record
from diana.events import cursors, effects, history, log
from diana.events.envelope import Envelope
from diana.events.failures import describe, is_transient
from diana.events.history import Selection
from diana.events.isolation import Outcome, handle_isolated
from diana.events.lanes import lane_of
from diana.events.models import Cursor, Failure
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)

WINDOW_ROWS = 16_000
MIN_BATCH, FIRST_BATCH, MAX_BATCH = 1, 250, 4_000
# While a batch runs its lane stands still.
BATCH_SECONDS = 0.1
TRANSIENT_ATTEMPTS, PAUSE_SECONDS = 5, 0.2

EVERYTHING = Selection()
T = TypeVar("T")


class Outward(ValueError):
    """The subscriber talks to the outside: people would get its messages again. Say `--send-again` if they should."""


class Failed(NamedTuple):
    """An event on which the handler failed in a replay."""

    position: int
    type: str
    error: str


class Replayed(NamedTuple):
    """What a replay did. `skipped`: passed over because the event is dead, discarded, being retried or held back;
    `new_effects`: rows written by the handler, counted by PostgreSQL (for an external subscriber: deliveries queued);
    `live`: not reached by the cursors yet; `position`: where to go on from.
    """

    handled: int
    skipped: int
    new_effects: int
    failed: list[Failed]
    live: int
    position: int


class Replay:
    """One replay under way; its figures may be looked at at any time, also after an error."""

    def __init__(
        self, subscriber: Subscriber, selection: Selection, *, send_again: bool = False, rehearse: bool = False
    ) -> None:
        if subscriber.external and not send_again:
            raise Outward(f"{subscriber.name}: {Outward.__doc__}")
        self.subscriber, self.selection, self.rehearse = subscriber, selection, rehearse
        self.positions = positions(subscriber)
        # Read after the positions: what failed below them was written with them.
        self._unsettled = _unsettled(subscriber)
        head = log.bound(own=connection.in_atomic_block)
        self.upto = head if selection.to_position is None else min(head, selection.to_position)
        self.handled = self.skipped = self.new_effects = 0
        self.failed: list[Failed] = []
        self._blocked: set[str] = set()
        self._batch = FIRST_BATCH
        self.position = selection.from_position

    @property
    def percent(self) -> float:
        """How much of the log's stretch has been gone through."""
        length = self.upto - self.selection.from_position + 1
        return 100.0 * (self.position - self.selection.from_position) / length if length > 0 else 100.0

    def run(self, on_progress: Callable[["Replay"], object] = lambda _: None) -> Replayed:
        """Go through the log; `on_progress` is called after each stretch of it. Raises SystemicFailure."""
        passed = min(self.upto, max(self.positions.values(), default=0))
        for after, last in history.windows(self.selection.from_position - 1, passed, WINDOW_ROWS):
            self._handle_window(history.read(self.subscriber, self.selection, after, last))
            self.position = last + 1
            on_progress(self)
        return Replayed(
            self.handled,
            self.skipped,
            self.new_effects,
            self.failed,
            self._count_live(),
            max(self.position, passed + 1),
        )

    def _handle_window(self, envelopes: Sequence[Envelope]) -> None:
        """Handle what the cursors have passed, one lane after the other."""
        lanes = defaultdict[int, list[Envelope]](list)
        for envelope in envelopes:
            lane = lane_of(envelope.key)
            if envelope.position > self.positions.get(lane, 0):
                continue
            if envelope.position in self._unsettled:
                self.skipped += 1
            else:
                lanes[lane].append(envelope)
        for lane in sorted(lanes):
            waiting = iter(lanes[lane])
            while batch := list(islice(waiting, self._batch)):
                self._handle_batch(lane, batch)

    def _handle_batch(self, lane: int, envelopes: Sequence[Envelope]) -> None:
        """Handle the events as a whole and, if that fails, without the culprits."""
        started = time.monotonic()
        free = [e for e in envelopes if e.key not in self._blocked]
        self.skipped += len(envelopes) - len(free)
        try:
            self._count(len(free), steadily(lambda: self._commit(lane, free)))
        except Exception as error:
            if is_transient(error):
                raise
            self._handle_without_culprits(lane, free)
        seconds = max(time.monotonic() - started, 1e-4)
        self._batch = max(MIN_BATCH, min(MAX_BATCH, 2 * self._batch, int(len(envelopes) * BATCH_SECONDS / seconds)))

    def _handle_without_culprits(self, lane: int, envelopes: Sequence[Envelope]) -> None:
        """Find the culprits in a transaction that is rolled back, then handle the others in one that counts for sure."""
        outcome = steadily(lambda: self._find_culprits(lane, envelopes))
        self.failed += [Failed(e.position, e.type, describe(error)) for e, error in outcome.failed]
        self.skipped += len(outcome.held)
        self._blocked |= outcome.blocked
        out = {e.position for e, _ in outcome.failed} | {e.position for e in outcome.held}
        good = [e for e in envelopes if e.position not in out]
        self._count(len(good), steadily(lambda: self._commit(lane, good)))

    def _commit(self, lane: int, envelopes: Sequence[Envelope]) -> int:
        """Handle the events in one transaction, unless this is a rehearsal; return how many rows that wrote."""
        if not envelopes:
            return 0
        with transaction.atomic():
            cursors.hold(self.subscriber, lane)
            if self.subscriber.external:
                written = _queue(self.subscriber, lane, envelopes)
            else:
                before = effects.rows_written()
                self.subscriber.handle(envelopes)
                written = effects.rows_written() - before
            if self.rehearse:
                transaction.set_rollback(True)
        return written

    def _find_culprits(self, lane: int, envelopes: Sequence[Envelope]) -> Outcome:
        with transaction.atomic():
            cursors.hold(self.subscriber, lane)
            outcome = handle_isolated(self.subscriber, envelopes, self._blocked, {})
            transaction.set_rollback(True)
        return outcome

    def _count(self, handled: int, written: int) -> None:
        self.handled += handled
        self.new_effects += written

    def _count_live(self) -> int:
        """Return how many events are meant that the cursors have not reached."""
        lowest = min(self.positions.values(), default=0) + 1
        above = replace(self.selection, from_position=max(lowest, self.selection.from_position))
        found = history.survey(self.subscriber, above, upto=self.upto, rows=WINDOW_ROWS, above=self.positions)
        return sum(f.events for f in found)


def replay(
    subscriber: Subscriber,
    selection: Selection = EVERYTHING,
    *,
    send_again: bool = False,
    rehearse: bool = False,
    on_progress: Callable[[Replay], object] = lambda _: None,
) -> Replayed:
    """Run the handler once more over the selected events that the cursors have passed; rehearse: and roll back.

    Raises Outward, NotSubscribed, UnknownCursor; SystemicFailure if the handler fails whatever it is given.
    """
    return Replay(subscriber, selection, send_again=send_again, rehearse=rehearse).run(on_progress)


def announce(replaying: Replay, *, actor: Actor, reason: str) -> None:
    """Write down who is about to replay what and why; before it begins, so that one that is killed has its record too."""
    _record(replaying, "begin_replay", actor, reason, {"upto": replaying.upto})


def conclude(replaying: Replay, *, actor: Actor, reason: str) -> None:
    """Write down what came of it, also of one that was interrupted."""
    figures = ("handled", "skipped", "new_effects", "position")
    after = {name: getattr(replaying, name) for name in figures} | {"failed": len(replaying.failed)}
    _record(replaying, "end_replay", actor, reason, after)


def _record(replaying: Replay, act: str, actor: Actor, reason: str, after: dict[str, Any]) -> None:
    chosen = {name: value for name, value in asdict(replaying.selection).items() if value not in (None, ())}
    target = ("events.Subscriber", replaying.subscriber.name)
    with transaction.atomic():
        record(actor=actor, act=act, target=target, before=chosen, after=after, reason=reason)


def positions(subscriber: Subscriber) -> dict[int, int]:
    """Return where the cursors stand, by lane; raises UnknownCursor if there are none or they are other code's."""
    rows = Cursor.objects.filter(subscriber=subscriber.name).values_list("lane", "position", "fingerprint")
    if not rows:
        raise cursors.UnknownCursor(f"{subscriber.name} has no cursors: run manage.py sync_subscribers.")
    if any(fingerprint != subscriber.fingerprint for _, _, fingerprint in rows):
        raise cursors.UnknownCursor(
            f"The cursors of {subscriber.name} belong to other code: run manage.py sync_subscribers first."
        )
    return {lane: position for lane, position, _ in rows}


def _unsettled(subscriber: Subscriber) -> set[int]:
    """Return the positions of events that failed and were not handled since: retries, redrives and staff decide on them."""
    rows = Failure.objects.filter(subscriber=subscriber.name).exclude(status=Failure.Status.DONE)
    return set(rows.values_list("position", flat=True))


def _queue(subscriber: Subscriber, lane: int, envelopes: Sequence[Envelope]) -> int:
    """Queue deliveries; return how many were not queued already. The relay wakes the senders."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_delivery (subscriber, lane, position, key)"
            " SELECT %s, %s, position, key FROM unnest(%s::bigint[], %s::text[]) AS queued (position, key)"
            " ON CONFLICT DO NOTHING",
            [subscriber.name, lane, [e.position for e in envelopes], [e.key for e in envelopes]],
        )
        return int(cursor.rowcount)


def steadily(act: Callable[[], T]) -> T:
    """Do it; after an error of the surroundings (a connection, a deadlock, a time limit) again, a few times."""
    for attempt in range(1, TRANSIENT_ATTEMPTS + 1):
        try:
            return act()
        except Exception as error:
            # Somebody else's transaction cannot be begun anew from here.
            if not is_transient(error) or connection.in_atomic_block or attempt == TRANSIENT_ATTEMPTS:
                raise
            logger.warning("replay: attempt %s of %s failed: %s", attempt, TRANSIENT_ATTEMPTS, describe(error))
        connection.close_if_unusable_or_obsolete()
        time.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))
    raise AssertionError("unreachable")
