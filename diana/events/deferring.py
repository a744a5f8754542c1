"""Deferred events: what a source that may not be refused publishes over its limit waits here, in its order, for the relay.

The order of a person is kept without a lock on anything but rows. A publisher asks whether events of the key wait in one
statement, and the relay moves an event into the log in one commit. If the publisher's statement sees the event waiting,
its own event queues up behind, in a row that the release under way has not read and leaves alone. If it does not see
it, the release has committed, so the event has its id in the log and the publisher's is given out later. Publishers of one
person come one after the other by the lock on the person's row, and one relay at a time releases.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from diana import clock, metrics
from diana.events import agreement, feed, limiting, log, subscriptions, waker
from diana.events.envelope import Envelope
from diana.events.locks import lane_lock

logger = logging.getLogger(__name__)

COLUMNS = {"source": "text", "due_at": "timestamptz"}

# One pass of the relay looks at so many keys and moves so many events of each: it has lanes to look after, too.
KEYS_AT_ONCE, EVENTS_AT_ONCE = 100, 50
# The name under which relays take turns.
RELEASING = "diana.deferred"

# The columns of the log, in words: what the release copies. Not the id, which is given out then, nor the time of that.
_LOGGED = (
    "event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes, correlation_id, causation_id,"
    " payload, sealed_payload, key_id"
)


class Waiting(NamedTuple):
    """A row of the table, as far as its release depends on it."""

    number: int
    source: str
    user_id: int | None
    due_at: datetime


class Late(NamedTuple):
    """Why an event waits: its source, and the time before which it stays."""

    source: str
    due_at: datetime


def judge(asked: Sequence[tuple[str | None, Envelope]]) -> dict[UUID, Late]:
    """Count the events of each source; return those that have to wait. Raises RateLimited for a source that is refused.

    Of a source that defers, what follows an event of its key that waits has to wait as well.
    """
    named = [(source, envelope) for source, envelope in asked if source is not None]
    deferring = [envelope.key for source, envelope in named if limiting.limits_of(source).over == limiting.DEFER]
    waiting = _waiting_keys(deferring) if deferring else set()
    late: dict[UUID, Late] = {}
    for source, envelope in named:
        defers = limiting.limits_of(source).over == limiting.DEFER
        behind = defers and envelope.key in waiting
        after = 0.0 if behind else limiting.ask(source, envelope.user_id)
        if after and not defers:
            limiting.count(source, "refused")
            raise limiting.RateLimited(source, after)
        if after or behind:
            waiting.add(envelope.key)
            late[envelope.event_id] = Late(source, clock.real_now() + timedelta(seconds=after))
    return late


def _waiting_keys(keys: Sequence[str]) -> set[str]:
    """Return which of the keys have events waiting."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM unnest(%s::text[]) AS asked (key)"
            " WHERE EXISTS (SELECT FROM event_deferred d WHERE d.key = asked.key)",
            [list(keys)],
        )
        return {row[0] for row in cursor.fetchall()}


def release_due() -> int:
    """Move what is due into the log, each key in its order and within the limits; return how much.

    Each key is a transaction of its own: one that fails holds up nobody else. Does nothing while another relay is at it.
    """
    keys = _due_keys(clock.real_now())
    if not keys:
        return 0
    released = 0
    with lane_lock(RELEASING, 0) as held:
        for key in keys if held else []:
            try:
                released += _release(key, clock.real_now())
            except DatabaseError:
                logger.exception("deferred events of key %s could not be released; they stay", key)
    return released


def _due_keys(now: datetime) -> list[str]:
    """Return the keys whose first event is due, those that wait longest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM (SELECT DISTINCT ON (key) key, due_at FROM event_deferred ORDER BY key, number) AS first"
            " WHERE due_at <= %s ORDER BY due_at LIMIT %s",
            [now, KEYS_AT_ONCE],
        )
        return [row[0] for row in cursor.fetchall()]


def _release(key: str, now: datetime) -> int:
    """Move the first events of the key into the log in one commit, as many as the limits let through; return how many."""
    with transaction.atomic():
        admitted = _admitted(_lock_first(key), now)
        if admitted:
            _move([row.number for row in admitted])
    for row in admitted:
        limiting.count(row.source, "released")
    return len(admitted)


def _lock_first(key: str) -> list[Waiting]:
    """Lock the first events of the key and return them in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, source, user_id, due_at FROM event_deferred WHERE key = %s ORDER BY number LIMIT %s FOR UPDATE",
            [key, EVENTS_AT_ONCE],
        )
        return [Waiting(*row) for row in cursor.fetchall()]


def _admitted(rows: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """Return the first rows that may go now; the next one is told when to ask again."""
    admitted: list[Waiting] = []
    for row in rows:
        if row.due_at > now:
            break
        after = limiting.ask(row.source, row.user_id)
        if after:
            _postpone(row, now + timedelta(seconds=after))
            break
        admitted.append(row)
    return admitted


def _postpone(row: Waiting, due_at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE event_deferred SET due_at = %s WHERE number = %s", [due_at, row.number])


def _move(numbers: Sequence[int]) -> None:
    """Publish the deferred events in their order and take them from here, in the caller's transaction."""
    agreement.check_log()
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO event_log ({_LOGGED}) SELECT {_LOGGED} FROM event_deferred WHERE number = ANY(%s)"
            " ORDER BY number RETURNING id",
            [list(numbers)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute("DELETE FROM event_deferred WHERE number = ANY(%s)", [list(numbers)])
    envelopes = log.read_events(ids)
    wakes = subscriptions.wakes_for(envelopes)
    seconds = time.perf_counter() - started
    transaction.on_commit(lambda: _announce(envelopes, wakes, seconds))


def _announce(envelopes: Sequence[Envelope], wakes: subscriptions.Wakes, seconds: float) -> None:
    """Wake the subscribers; then count and show what was published, as publish() does."""
    if wakes:
        waker.notify(wakes)
    metrics.published(len(envelopes), seconds)
    feed.offer(envelopes)


def waiting() -> dict[str, int]:
    """Return how many events of each source wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, count(*) FROM event_deferred GROUP BY source ORDER BY source")
        return dict(cursor.fetchall())
