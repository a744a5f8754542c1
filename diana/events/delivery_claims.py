"""Claims on deliveries: a sender takes what is due before it calls, gives back what it does not make, gives up what keeps
failing. How they are made stands in deliveries.py.
"""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from diana import metrics
from diana.events import log, retries, senders
from diana.events.envelope import Envelope
from diana.events.failures import describe
from diana.events.lanes import lane_of
from diana.events.models import Delivery
from diana.events.subscriptions import Subscriber
from diana.lock_classes import LockClass

logger = logging.getLogger(__name__)

# A sender that hangs for longer loses its claim; one that dies loses it with its lock, a moment after it was made: a session
# that was cut comes back in less. What was lost so before is claimed again only after a while, twice as long each time:
# sessions that are cut in a row are not yet an event that kills. After a restart of PostgreSQL all sessions come back.
LEASE_SECONDS = 60
ABANDONED_SECONDS = 0.25
RESTARTED_SECONDS = 2
AT_ONCE = 50
SESSIONS_TRIED = 5
# So many of the events of a batch are claimed as they are queued: at rest no second look is needed.
CLAIMED_AS_QUEUED = 50


class SessionLost(OperationalError):
    """The sender's sessions end faster than one can be used: see what stands between this process and PostgreSQL."""


class Claim(NamedTuple):
    """A delivery that this process may make. `attempts` is the fence of the record."""

    id: int
    attempts: int
    envelope: Envelope


class _Claimed(NamedTuple):
    """A delivery as it was claimed. `lost_by`: how whoever claimed it before without a record lost it."""

    id: int
    attempts: int
    lost_by: metrics.Cause | None


_ENQUEUE = f"""
WITH me AS MATERIALIZED (SELECT {senders.HELD} AS alive)
INSERT INTO event_delivery (subscriber, lane, position, key, owner, leased_until, attempts)
SELECT %(subscriber)s, lane, position, key, CASE WHEN free THEN %(owner)s::int END,
    CASE WHEN free THEN now() + make_interval(secs => %(lease)s) END, CASE WHEN free THEN 1 ELSE 0 END
FROM (
    SELECT lane, position, key, (SELECT alive FROM me) AND row_number() OVER (ORDER BY position) <= %(limit)s
        AND row_number() OVER (PARTITION BY key ORDER BY position) = 1
        AND NOT EXISTS (
            SELECT FROM event_delivery d
            WHERE d.subscriber = %(subscriber)s AND d.lane = fresh.lane AND d.key = fresh.key
        ) AS free
    FROM unnest(%(lanes)s::smallint[], %(positions)s::bigint[], %(keys)s::text[]) AS fresh (lane, position, key)
) AS queued
RETURNING id, attempts, position
"""


def enqueue(subscriber: Subscriber, envelopes: Sequence[Envelope]) -> list[Claim]:
    """Write what has to go out, in the transaction that moves the cursors; return what this process may make at once.

    Of each key that is the first, and only where nothing older of the key is unfinished. Where this process's session as a
    sender has ended that is nothing.
    """
    if not envelopes:
        return []
    parameters: dict[str, Any] = {
        "subscriber": subscriber.name,
        "owner": senders.identity(),
        "lease": LEASE_SECONDS,
        "limit": CLAIMED_AS_QUEUED,
        "lanes": [lane_of(envelope.key) for envelope in envelopes],
        "positions": [envelope.position for envelope in envelopes],
        "keys": [envelope.key for envelope in envelopes],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE, parameters)
        claimed = {position: (id_, attempts) for id_, attempts, position in cursor.fetchall() if attempts}
    return [Claim(*claimed[e.position], e) for e in envelopes if e.position in claimed]


_MAY_BE_CLAIMED = f"""(
    owner IS NULL OR leased_until < now() OR (
        leased_until <= now() + make_interval(
            secs => {LEASE_SECONDS} - {ABANDONED_SECONDS} * (2 ^ least(d.attempts, 20) - 1)
        ) AND pg_postmaster_start_time() < now() - make_interval(secs => {RESTARTED_SECONDS}) AND NOT EXISTS (
            SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 2
            AND l.classid = {LockClass.SENDER:d}::oid AND l.objid = d.owner::oid
        )
    )
)"""

_CLAIM = f"""
WITH me AS MATERIALIZED (SELECT {senders.HELD} AS alive), oldest AS (
    SELECT DISTINCT ON (lane, key) id FROM event_delivery
    WHERE subscriber = %(subscriber)s AND lane = ANY(%(lanes)s) ORDER BY lane, key, position
), due AS (
    SELECT id, CASE WHEN owner IS NULL THEN NULL WHEN leased_until < now() THEN 'lease_over' ELSE 'sender_gone' END AS lost_by
    FROM event_delivery d
    WHERE (SELECT alive FROM me) AND id IN (SELECT id FROM oldest) AND next_attempt_at <= now() AND {_MAY_BE_CLAIMED}
    ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), made AS (
    UPDATE event_delivery d SET owner = %(owner)s, leased_until = now() + make_interval(secs => %(lease)s),
        attempts = d.attempts + 1
    FROM due WHERE d.id = due.id RETURNING d.id, d.attempts, d.position, due.lost_by
)
SELECT me.alive, made.position, made.id, made.attempts, made.lost_by FROM me LEFT JOIN made ON true
"""


def claim(subscriber: Subscriber, lanes: Sequence[int], *, limit: int = AT_ONCE) -> list[Claim]:
    """Claim what is due in these lanes, the oldest of each key, for this process.

    Nobody recorded the last attempt of an abandoned one: after the last attempt it is dead, for it may end processes.
    """
    _give_back_kept()
    rows = _claim(subscriber, lanes, limit)
    claims: list[Claim] = []
    for envelope in log.read_events(list(rows)) if rows else []:
        id_, attempts, lost_by = rows[envelope.position]
        claimed = Claim(id_, attempts, envelope)
        if lost_by and attempts > settings.EVENTS_MAX_ATTEMPTS:
            give_up(subscriber, claimed, RuntimeError("The process ended during the last attempt."))
            continue
        if lost_by:
            note_second(subscriber, claimed, lost_by)
        claims.append(claimed)
    return claims


def _claim(subscriber: Subscriber, lanes: Sequence[int], limit: int) -> dict[int, _Claimed]:
    """Claim under a session that lives; return what was claimed by position. Raises SessionLost."""
    for _ in range(SESSIONS_TRIED):
        owner = senders.identity()
        parameters: dict[str, Any] = {
            "subscriber": subscriber.name,
            "lanes": list(lanes),
            "owner": owner,
            "lease": LEASE_SECONDS,
            "limit": limit,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, parameters)
            rows = cursor.fetchall()
        if rows[0][0]:
            return {position: _Claimed(*rest) for _, position, *rest in rows if position is not None}
        senders.renew(owner)
    raise SessionLost(SessionLost.__doc__)


def note_second(subscriber: Subscriber, claimed: Claim, cause: metrics.Cause) -> None:
    """Say and count that the call may be made a second time, and why."""
    metrics.repeated(subscriber.name, cause)
    logger.warning(
        "%s may be made a second time for event %s (%s)", subscriber.name, claimed.envelope.event_id, cause,
        extra={"correlation_id": claimed.envelope.correlation_id},
    )  # fmt: skip


def give_back(claims: Sequence[Claim]) -> None:
    """Let others make these deliveries at once, without waiting for the lease; what is recorded already is left alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_delivery d SET owner = NULL, leased_until = NULL"
            " FROM unnest(%s::bigint[], %s::int[]) AS mine (id, attempts)"
            " WHERE d.id = mine.id AND d.attempts = mine.attempts AND d.owner IS NOT NULL",
            [[claimed.id for claimed in claims], [claimed.attempts for claimed in claims]],
        )


# What could not be given back, because the database was away: it is claimed under this process's number, which lives.
_kept: list[Claim] = []


def give_back_if_possible(claims: Sequence[Claim]) -> None:
    """Give the claims back; where the database is away that is done before the next claim."""
    try:
        give_back(claims)
    except (DatabaseError, InterfaceError):
        _kept.extend(claims)


def _give_back_kept() -> None:
    if _kept:
        late = _kept.copy()
        del _kept[: len(late)]
        give_back_if_possible(late)


def due_lanes(subscriber: Subscriber, lanes: Sequence[int]) -> set[int]:
    """Return which of the lanes have a delivery that could be made now; it may be claimed by somebody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT lane FROM event_delivery"
            " WHERE subscriber = %s AND lane = ANY(%s) AND next_attempt_at <= now()",
            [subscriber.name, list(lanes)],
        )
        return {row[0] for row in cursor.fetchall()}


def give_up(subscriber: Subscriber, claimed: Claim, error: Exception) -> None:
    """Turn the delivery into a dead letter."""
    with transaction.atomic():
        deleted, _ = Delivery.objects.filter(id=claimed.id, attempts=claimed.attempts).delete()
        if deleted:
            lane = lane_of(claimed.envelope.key)
            retries.record_dead(subscriber, lane, claimed.envelope, claimed.attempts, describe(error))


def open_lanes(*, older_than_seconds: float) -> list[tuple[str, int]]:
    """Return the subscribers and lanes with something due for so long that nobody alive has claimed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT subscriber, lane FROM event_delivery d"
            f" WHERE next_attempt_at <= clock_timestamp() - make_interval(secs => %s) AND {_MAY_BE_CLAIMED}",
            [older_than_seconds],
        )
        return [(name, lane) for name, lane in cursor.fetchall()]
