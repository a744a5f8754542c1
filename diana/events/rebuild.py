"""Rebuilding a projection from the whole log into shadow tables, and the swap, while live work goes on.

Killed anywhere before the swap's commit, a rebuild leaves the live tables as they are; the next one begins anew, or
goes on from where the shadow stands.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from django.db import connection, transaction

from diana.audit import Actor, record
from diana.events import cursors, effects, history, log, replay, shadow, waker
from diana.events.envelope import Envelope
from diana.events.lanes import LANES, lane_of
from diana.events.locks import lane_key, lane_lock
from diana.events.models import Failure
from diana.events.subscriptions import Subscriber

# So few rows of the log are left to the swap, during which nobody reads or writes the projection.
SWAP_ROWS = 1_000
FIRST_BATCH, MAX_BATCH = 250, 5_000
BATCH_SECONDS = 0.25
# Behind somebody's long transaction the swap gives way, and tries again later.
SWAP_LOCK_SECONDS = 2


class WritesElsewhere(RuntimeError):
    """A projection's handler may write its projection's tables and nothing else, or a rebuild would repeat the rest."""


class Rebuilding(RuntimeError):
    """The projection is being rebuilt by another process: wait for it."""


class Rebuilt(NamedTuple):
    """What a rebuild did. `in_swap`: how many of the events were handled while everybody waited, for `swap_seconds`."""

    events: int
    in_swap: int
    swap_seconds: float
    position: int


class Rebuild:
    """One rebuild under way; its figures may be looked at at any time."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.position = self.events = 0
        self.head = log.bound()
        self._batch = FIRST_BATCH

    @property
    def percent(self) -> float:
        """How much of the log has been gone through."""
        return min(100.0, 100.0 * self.position / max(self.head, 1))

    def begin(self, *, resume: bool) -> None:
        """Make the shadow, or take the one that is there; raises NotRebuildable, UnknownCursor."""
        replay.positions(self.subscriber)
        standing = shadow.position(self.subscriber) if resume else None
        if standing is None:
            shadow.create(self.subscriber)
        self.position = standing or 0

    def catch_up(self, on_progress: Callable[["Rebuild"], object]) -> None:
        """Fill the shadow until only a few rows of the log are left, each batch in a transaction of its own."""
        while self.head - self.position > SWAP_ROWS:
            for _, last in history.windows(self.position, self.head, replay.WINDOW_ROWS):
                waiting = iter(self._read(self.position, last))
                while batch := list(islice(waiting, self._batch)):
                    self._fold(batch, batch[-1].position)
                    on_progress(self)
                self._fold([], last)
            # Ids that were given out and never committed leave gaps.
            self._fold([], self.head)
            self.head = max(self.head, log.bound())

    def finish(self, *, actor: Actor, reason: str) -> Rebuilt:
        """Handle the rest and swap, in one commit, while the lanes stand still; then wake them.

        The lanes' locks keep retries away, the cursors' rows live events, and the tables' locks whoever else uses them.
        """
        before, started = self.events, time.monotonic()
        lanes = replay.steadily(lambda: self._swap(actor, reason))
        seconds = time.monotonic() - started
        # Whoever came by meanwhile found the lanes busy, and left.
        waker.notify({(self.subscriber.name, lane): {"by": "rebuild"} for lane in lanes})
        return Rebuilt(self.events, self.events - before, round(seconds, 3), self.position)

    def _swap(self, actor: Actor, reason: str) -> Sequence[int]:
        with shadow.as_owner(), transaction.atomic():
            self._hold_lanes()
            standing = replay.positions(self.subscriber)
            shadow.hold_live(self.subscriber)
            # What a cursor has passed was below the bound then: all of it is there, in every lane.
            upto = max(log.bound(), *standing.values())
            position, events = self.position, self.events
            try:
                self._pass_cursors(upto, self._drain_rest(upto, standing))
                self._settle_failures(upto)
                shadow.swap(self.subscriber)
                self._record(actor, reason)
            except BaseException:
                self.position, self.events = position, events
                raise
        return sorted(standing)

    def _hold_lanes(self) -> None:
        """Lock lanes and cursors until the transaction ends, in ascending order."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{SWAP_LOCK_SECONDS}s'")
            for lane in range(LANES):
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lane_key(self.subscriber.name, lane)])
        for lane in range(LANES):
            cursors.hold(self.subscriber, lane)

    def _drain_rest(self, upto: int, standing: Mapping[int, int]) -> Counter[int]:
        """Handle what lies between the shadow and the position; return how much of it each lane's cursor had not passed."""
        rest = Counter[int]()
        for after, last in history.windows(self.position, upto, replay.WINDOW_ROWS):
            envelopes = self._read(after, last)
            self._fold(envelopes, last)
            lanes = [(lane_of(envelope.key), envelope.position) for envelope in envelopes]
            rest.update(lane for lane, position in lanes if position > standing[lane])
        return rest

    def _pass_cursors(self, upto: int, handled: Counter[int]) -> None:
        """Move every cursor to where the shadow stands."""
        for lane in range(LANES):
            cursors.move(self.subscriber, lane, upto, handled=handled[lane])

    def _read(self, after: int, last: int) -> list[Envelope]:
        """Return the events of a stretch but those that staff have discarded."""
        failures = Failure.objects.filter(subscriber=self.subscriber.name, position__range=(after, last))
        discarded = set(failures.filter(status=Failure.Status.DISCARDED).values_list("position", flat=True))
        found = history.read(self.subscriber, replay.EVERYTHING, after, last)
        return [envelope for envelope in found if envelope.position not in discarded]

    def _fold(self, envelopes: Sequence[Envelope], position: int) -> None:
        """Handle the events into the shadow and note the position, in one commit."""
        started = time.monotonic()
        replay.steadily(lambda: self._commit(envelopes, position))
        self.position, self.events = position, self.events + len(envelopes)
        if envelopes:
            seconds = max(time.monotonic() - started, 1e-4)
            self._batch = max(1, min(MAX_BATCH, 2 * self._batch, int(len(envelopes) * BATCH_SECONDS / seconds)))

    def _commit(self, envelopes: Sequence[Envelope], position: int) -> None:
        with transaction.atomic():
            shadow.enter(self.subscriber)
            shadow.move(self.subscriber, self.position, position)
            if not envelopes:
                return
            own = [shadow.schema_of(self.subscriber)]
            before = effects.rows_written(without_schemas=own)
            self.subscriber.handle(envelopes)
            if effects.rows_written(without_schemas=own) != before:
                raise WritesElsewhere(f"{self.subscriber.name}: {WritesElsewhere.__doc__}")

    def _settle_failures(self, upto: int) -> None:
        """Close what the live projection lacked: the shadow has it, and a retry would count it twice."""
        failures = Failure.objects.filter(subscriber=self.subscriber.name, position__lte=upto)
        unsettled = failures.exclude(status__in=[Failure.Status.DONE, Failure.Status.DISCARDED])
        unsettled.update(status=Failure.Status.DONE, next_attempt_at=None, resolution="handled by a rebuild")

    def _record(self, actor: Actor, reason: str) -> None:
        after = {"events": self.events, "position": self.position, "tables": list(self.subscriber.projection)}
        target = ("events.Subscriber", self.subscriber.name)
        record(actor=actor, act="rebuild_projection", target=target, before=None, after=after, reason=reason)


def rebuild(
    subscriber: Subscriber,
    *,
    actor: Actor,
    reason: str,
    resume: bool = False,
    on_progress: Callable[[Rebuild], object] = lambda _: None,
) -> Rebuilt:
    """Fill a shadow of the projection from the first event on and put it in the place of the live tables.

    An error of the handler ends it before the swap. Raises NotRebuildable, WritesElsewhere, Rebuilding, UnknownCursor.
    """
    with lane_lock(f"{subscriber.name}@rebuild", 0) as alone:
        if not alone:
            raise Rebuilding(f"{subscriber.name}: {Rebuilding.__doc__}")
        rebuilding = Rebuild(subscriber)
        rebuilding.begin(resume=resume)
        rebuilding.catch_up(on_progress)
        return rebuilding.finish(actor=actor, reason=reason)


def abandon(subscriber: Subscriber) -> bool:
    """Remove what an interrupted rebuild has left; return whether there was anything."""
    found = shadow.exists(subscriber)
    with shadow.as_owner():
        shadow.drop(subscriber)
    return found
