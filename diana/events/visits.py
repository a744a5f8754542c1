"""Visits: which process handled which events, in which Celery task, for how long. For whoever looks on, never for the bus.

Off by default (EVENTS_KEEP_VISITS). A visit is written after its transaction committed, by one statement into an
unlogged table: what was rolled back leaves none, and a process that is killed in between leaves none either. No
decision may depend on these rows: they may be missing.
"""

import functools
import itertools
import logging
import os
import socket
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from celery import current_task
from django.conf import settings
from django.db import NotSupportedError, connection, transaction

from diana import clock
from diana.events.envelope import Envelope
from diana.events.lanes import lane_of

logger = logging.getLogger(__name__)

# What is kept: so many rows, for so long.
KEPT_ROWS, KEPT_HOURS = 5_000, 24
# A process removes what is too much with its first visit, and after each so many rows.
PRUNED_AFTER_ROWS = 500
# After an error a process writes none for so long: a table that cannot be written costs next to nothing.
REST_SECONDS = 60.0


class Start(NamedTuple):
    """When a visit began: seconds of the epoch in real time (domain time may be moved), and a clock for measuring."""

    at: float
    clock: float


class Part(NamedTuple):
    """Events of one lane that met the same outcome: all that the subscriber wants from the first to the last position."""

    lane: int
    first: int
    last: int
    events: int
    outcome: str
    attempt: int = 1


class Done(NamedTuple):
    """A part with its time."""

    part: Part
    started: float
    milliseconds: float


class Seen(NamedTuple):
    """A visit as it was kept, for one event. `events`: how many it handled in this lane, of whomever."""

    position: int
    subscriber: str
    lane: int
    events: int
    outcome: str
    attempt: int
    process: str
    task_id: str | None
    started_at: datetime
    milliseconds: float

    def describe(self) -> str:
        """Say who it was, for how long, and what else it handled."""
        words = [f"by {self.process} in {self.milliseconds:.1f} ms"]
        others = self.events - 1
        words += [f"with {others} other {'event' if others == 1 else 'events'} of its lane"] if others else []
        words += [f"attempt {self.attempt}"] if self.attempt > 1 else []
        words += [f"task {self.task_id}"] if self.task_id else []
        return ", ".join(words)


class _Writing:
    """What this process has written since it removed what is too much, and until when it rests after an error."""

    rows: int | None = None
    resting_until = 0.0


def start() -> Start:
    """Return the moment; asks the clocks alone."""
    return Start(clock.real_now().timestamp(), time.perf_counter())


def note(
    subscriber: str,
    started: Start,
    envelopes: Iterable[Envelope],
    *,
    failed: Collection[int] = (),
    held: Collection[int] = (),
) -> None:
    """Keep the visit once the current transaction has committed; `failed`, `held`: positions that were not handled."""
    if settings.EVENTS_KEEP_VISITS:
        outcomes = dict.fromkeys(held, "held") | dict.fromkeys(failed, "failed")
        _after_commit(subscriber, started, _parts(envelopes, outcomes))


def note_retry(subscriber: str, started: Start, lane: int, position: int, *, failed: bool, attempt: int) -> None:
    """Keep one more attempt at an event, once the current transaction has committed."""
    if settings.EVENTS_KEEP_VISITS:
        outcome = "failed" if failed else "handled"
        _after_commit(subscriber, started, [Part(lane, position, position, 1, outcome, attempt)])


def delivery(envelope: Envelope, started: Start, outcome: str, attempt: int) -> Done:
    """Return what write() takes of a delivery that ends now."""
    lane, position = lane_of(envelope.key), envelope.position
    return _done(Part(lane, position, position, 1, outcome, attempt), started)


def _after_commit(subscriber: str, started: Start, parts: Sequence[Part]) -> None:
    transaction.on_commit(lambda: write(subscriber, [_done(part, started) for part in parts]))


def _done(part: Part, started: Start) -> Done:
    return Done(part, started.at, 1000 * (time.perf_counter() - started.clock))


def _parts(envelopes: Iterable[Envelope], outcomes: dict[int, str]) -> list[Part]:
    """Return the events by lane, and in it each run of neighbours with the same outcome."""
    rows = sorted((lane_of(e.key), e.position, outcomes.get(e.position, "handled")) for e in envelopes)
    runs = [(key, list(run)) for key, run in itertools.groupby(rows, key=lambda row: (row[0], row[2]))]
    return [Part(lane, run[0][1], run[-1][1], len(run), outcome) for (lane, outcome), run in runs]


_INSERT = """
INSERT INTO event_visit (subscriber, lane, first_position, last_position, events, outcome, attempt, process, task_id,
    started_at, milliseconds)
SELECT %s, lane, first, last, events, outcome, attempt, %s, %s, to_timestamp(started), milliseconds
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::smallint[], %s::float8[], %s::float8[])
    AS done (lane, first, last, events, outcome, attempt, started, milliseconds)
"""


def write(subscriber: str, visits: Sequence[Done]) -> None:
    """Write the visits by one statement, in the task's own thread and outside any transaction; an error is logged only."""
    if not settings.EVENTS_KEEP_VISITS or not visits or time.monotonic() < _Writing.resting_until:
        return
    columns = [list(column) for column in zip(*(one.part for one in visits), strict=True)]
    times = [[one.started for one in visits], [one.milliseconds for one in visits]]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [subscriber, process(os.getpid()), _task_id(), *columns, *times])
        _prune_after(len(visits))
    except Exception:
        _Writing.resting_until = time.monotonic() + REST_SECONDS
        logger.warning("visits could not be kept; none are for %.0f s", REST_SECONDS, exc_info=True)


def _prune_after(rows: int) -> None:
    """Remove what is too much if this process has not done so for a while."""
    if _Writing.rows is None or _Writing.rows + rows > PRUNED_AFTER_ROWS:
        prune()
        _Writing.rows = 0
    _Writing.rows += rows


def prune() -> None:
    """Remove all but the newest KEPT_ROWS, and what is older than KEPT_HOURS; all of it where none are to be kept."""
    with connection.cursor() as cursor:
        if not settings.EVENTS_KEEP_VISITS:
            cursor.execute("DELETE FROM event_visit")
            return
        cursor.execute(
            "DELETE FROM event_visit WHERE id <= (SELECT max(id) FROM event_visit) - %s"
            " OR started_at < statement_timestamp() - make_interval(hours => %s)",
            [KEPT_ROWS, KEPT_HOURS],
        )


@functools.lru_cache(maxsize=1)
def process(pid: int) -> str:
    """Return what this process is called: its name in the Procfile, its host, its id (in a worker the child's)."""
    return f"{settings.PROCESS_NAME}@{socket.gethostname()} {pid}"


def _task_id() -> str | None:
    """Return the id of the Celery task that runs in this thread, if one does."""
    return current_task.request.id if current_task else None


_OF_EVENTS = """
SELECT p.position, v.subscriber, v.lane, v.events, v.outcome, v.attempt, v.process, v.task_id, v.started_at, v.milliseconds
FROM unnest(%s::bigint[], %s::smallint[]) AS p (position, lane)
    JOIN event_visit v ON v.lane = p.lane AND p.position BETWEEN v.first_position AND v.last_position
ORDER BY v.started_at, v.id
"""


def of_events(places: Sequence[tuple[int, int]]) -> list[Seen]:
    """Return the visits to these events (position, lane), the oldest first. A subscriber that does not want an event has not
    visited it, although a visit may reach over it. A standby has none: the table is not replicated.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_OF_EVENTS, [[position for position, _ in places], [lane for _, lane in places]])
            seen = [Seen(*row) for row in cursor.fetchall()]
    except NotSupportedError:
        return []
    return [one._replace(started_at=one.started_at.astimezone(UTC)) for one in seen]
