"""Writing events into the log, in the transaction of whoever publishes; waking the subscribers is left to the waker."""

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection, transaction

from diana import clock, metrics
from diana.bulk import copy_rows, insert_row
from diana.events import agreement, deferring, feed, limiting, subscriptions, waker
from diana.events.catalogue import Event, encode_payload
from diana.events.causes import current_cause
from diana.events.envelope import COLUMNS, Envelope, microseconds
from diana.events.identifiers import uuid7
from diana.events.lanes import SYSTEM_KEY, lane_of

LOG_COLUMNS = {
    "event_id": "uuid",
    "type": "text",
    "version": "int2",
    "lane": "int2",
    "key": "text",
    "user_id": "int8",
    "occurred_at": "timestamptz",
    "utc_offset_minutes": "int2",
    "correlation_id": "uuid",
    "causation_id": "uuid",
    "payload": "json",
    "sealed_payload": "bytea",
    "key_id": "text",
}


class OutsideTransaction(RuntimeError):
    """publish() was called outside a transaction: wrap the act and its events in one `transaction.atomic()`."""


class Publication(msgspec.Struct, kw_only=True):
    """An event on its way into the log. What is left out follows from the event that is being handled, else from the clock.

    `key` is what keeps its order: the person's id by default. `cause` is the event that set it off. With an
    `idempotency_key`, which is unique over all events ever, publishing again writes nothing and returns the first.
    `event_id` (a fresh uuid7) is for whoever must know it before. `source` names an entry of EVENTS_RATE_LIMITS that
    the event counts against; what handlers publish has none.
    """

    event: Event
    key: str | None = None
    occurred_at: datetime | None = None
    utc_offset_minutes: int | None = None
    cause: Envelope | None = None
    idempotency_key: str | None = None
    event_id: UUID | None = None
    source: str | None = None


def publish(
    event: Event,
    *,
    key: str | None = None,
    occurred_at: datetime | None = None,
    utc_offset_minutes: int | None = None,
    idempotency_key: str | None = None,
    event_id: UUID | None = None,
    source: str | None = None,
) -> Envelope:
    """Write one event in the caller's transaction and return its envelope; raises OutsideTransaction without one.

    With a `source`, raises RateLimited or has the event wait when that publishes too much, as its settings say.
    """
    publication = Publication(
        event=event,
        key=key,
        occurred_at=occurred_at,
        utc_offset_minutes=utc_offset_minutes,
        idempotency_key=idempotency_key,
        event_id=event_id,
        source=source,
    )
    return publish_many([publication])[0]


def publish_many(publications: Sequence[Publication]) -> list[Envelope]:
    """Write the events in their order with one statement (two more if any has an idempotency key).

    Returns an envelope for each, the first one's where the idempotency key was known. Whoever publishes for a person
    holds the lock on what changed, so that the order of the events is the order of the facts. Events over the limit of
    their source wait in event_deferred, or none is written and RateLimited raised.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(OutsideTransaction.__doc__)
    started = time.perf_counter()
    agreement.check_log()
    now, cause = clock.now(), current_cause()
    envelopes = [_envelope(publication, now, publication.cause or cause) for publication in publications]
    late = _late(publications, envelopes)
    known = _claim_keys(publications, envelopes)
    fresh = [e for e in envelopes if e.event_id not in known and e.event_id not in late]
    _defer([e for e in envelopes if e.event_id not in known and e.event_id in late], late)
    if fresh:
        _write(fresh)
        wakes = subscriptions.wakes_for(fresh)
        seconds = time.perf_counter() - started
        transaction.on_commit(lambda: _committed(fresh, wakes, seconds))
    return [known.get(envelope.event_id, envelope) for envelope in envelopes]


def _write(envelopes: Sequence[Envelope]) -> None:
    if len(envelopes) == 1:
        insert_row("event_log", LOG_COLUMNS, _row(envelopes[0]))
    else:
        copy_rows("event_log", LOG_COLUMNS, [_row(envelope) for envelope in envelopes])


def _committed(envelopes: Sequence[Envelope], wakes: subscriptions.Wakes, seconds: float) -> None:
    """Wake the subscribers; then count and show what was published."""
    if wakes:
        waker.notify(wakes)
    metrics.published(len(envelopes), seconds)
    feed.offer(envelopes)


def _late(publications: Sequence[Publication], envelopes: Sequence[Envelope]) -> dict[UUID, deferring.Late]:
    """Return which events have to wait; asks nobody anything unless a source is named."""
    if not any(publication.source for publication in publications):
        return {}
    return deferring.judge([(p.source, e) for p, e in zip(publications, envelopes, strict=True)])


def _defer(envelopes: Sequence[Envelope], late: dict[UUID, deferring.Late]) -> None:
    """Write the events where they wait, ready for the log."""
    if envelopes:
        columns = LOG_COLUMNS | deferring.COLUMNS
        copy_rows("event_deferred", columns, [(*_row(e), *late[e.event_id]) for e in envelopes])
        for envelope in envelopes:
            limiting.count(late[envelope.event_id].source, "deferred")


def _envelope(publication: Publication, now: datetime, cause: Envelope | None) -> Envelope:
    """Fill in what the publication leaves out; seal the payload if its class says so."""
    event = publication.event
    event_id = publication.event_id or uuid7()
    offset = publication.utc_offset_minutes
    if offset is None:
        offset = cause.utc_offset_minutes if cause and publication.occurred_at is None else 0
    envelope = Envelope(
        0,
        event_id,
        event.type,
        event.version,
        publication.key or (SYSTEM_KEY if event.user_id is None else str(event.user_id)),
        event.user_id,
        _occurred(publication, cause, now),
        offset,
        cause.correlation_id if cause else event_id,
        cause.event_id if cause else None,
        encode_payload(event),
    )
    return envelope.sealed() if event.sealed else envelope


def _occurred(publication: Publication, cause: Envelope | None, now: datetime) -> int:
    """Return when the act was done: as said, else when its cause was, else now."""
    if publication.occurred_at is not None:
        return microseconds(publication.occurred_at)
    return cause.occurred_microseconds if cause else microseconds(now)


def _row(envelope: Envelope) -> tuple[object, ...]:
    return (
        envelope.event_id,
        envelope.type,
        envelope.version,
        lane_of(envelope.key),
        envelope.key,
        envelope.user_id,
        envelope.occurred_at,
        envelope.utc_offset_minutes,
        envelope.correlation_id,
        envelope.causation_id,
        envelope.open_payload,
        envelope.sealed_payload,
        envelope.key_id,
    )


def _claim_keys(publications: Sequence[Publication], envelopes: Sequence[Envelope]) -> dict[UUID, Envelope]:
    """Claim the idempotency keys; return, by the new event's id, the first event of each key that was taken.

    The keys are inserted sorted, so that two publishers of the same keys wait instead of deadlocking; the events
    of taken keys are read in a new statement, because the one that waited cannot see what it waited for.
    """
    pairs = [(p.idempotency_key, e) for p, e in zip(publications, envelopes, strict=True) if p.idempotency_key]
    if not pairs:
        return {}
    firsts: dict[str, Envelope] = {}
    for key, envelope in pairs:
        firsts.setdefault(key, envelope)
    keys = sorted(firsts)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_key (key, event_id) SELECT * FROM unnest(%s::text[], %s::uuid[])"
            " ON CONFLICT DO NOTHING RETURNING key",
            [keys, [firsts[key].event_id for key in keys]],
        )
        claimed = {row[0] for row in cursor.fetchall()}
        taken = [key for key in keys if key not in claimed]
        if taken:
            cursor.execute(
                f"SELECT k.key, e.* FROM event_key k CROSS JOIN LATERAL"
                f" (SELECT {COLUMNS} FROM event_log l WHERE l.event_id = k.event_id UNION ALL SELECT {COLUMNS} FROM"
                f" (SELECT *, 0 AS id FROM event_deferred) d WHERE d.event_id = k.event_id) e WHERE k.key = ANY(%s)",
                [taken],
            )
            firsts |= {row[0]: Envelope(*row[1:]) for row in cursor.fetchall()}
    return {e.event_id: firsts[key] for key, e in pairs if firsts[key] is not e}
