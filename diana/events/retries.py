"""The failures table: writing down what failed, trying it again when it is due, giving it up, redriving it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from diana import clock, metrics
from diana.audit import Actor, record
from diana.events import cursors, log
from diana.events.catalogue import Event
from diana.events.envelope import Envelope
from diana.events.failures import Permanent, Retry, backoff_seconds, describe
from diana.events.isolation import Outcome, attempt
from diana.events.models import Delivery, Failure
from diana.events.publishing import publish
from diana.events.subscriptions import Subscriber
from diana.events.subscriptions import subscriber as subscriber_named

logger = logging.getLogger(__name__)
Status = Failure.Status
OPEN = (Status.RETRYING, Status.HELD)


class DeliveryDead(Event, type="system.delivery_dead"):
    """A subscriber has given up on an event; staff may redrive or discard it. `event` is its position in the log."""

    subscriber: str
    event: str


def open_failures(subscriber: Subscriber, lane: int) -> QuerySet[Failure]:
    """Return what is waiting or held back in the lane, in the order of the log."""
    return Failure.objects.filter(subscriber=subscriber.name, lane=lane, status__in=OPEN).order_by("position")


def blocked_keys(subscriber: Subscriber, lane: int) -> set[str]:
    """Return the keys whose new events must queue up behind an open failure; none unless the subscriber is ordered."""
    return set(open_failures(subscriber, lane).values_list("key", flat=True)) if subscriber.ordered else set()


def store_outcome(subscriber: Subscriber, lane: int, outcome: Outcome) -> None:
    """Write down what failed and what is held, in the transaction that moves the cursor past it."""
    rows = [_failed(subscriber, lane, envelope, error) for envelope, error in outcome.failed]
    rows += [_row(subscriber, lane, envelope, Status.HELD) for envelope in outcome.held]
    Failure.objects.bulk_create(rows, ignore_conflicts=True)
    for row in rows:
        if row.status == Status.DEAD:
            announce_dead(row)


def _failed(subscriber: Subscriber, lane: int, envelope: Envelope, error: Exception) -> Failure:
    row = _row(subscriber, lane, envelope, Status.RETRYING)
    row.attempts = 1
    _judge(row, error)
    return row


def _row(subscriber: Subscriber, lane: int, envelope: Envelope, status: Failure.Status) -> Failure:
    return Failure(
        subscriber=subscriber.name,
        lane=lane,
        position=envelope.position,
        key=envelope.key,
        type=envelope.type,
        status=status,
    )


def _judge(row: Failure, error: Exception) -> None:
    """Decide after a failed attempt: try again later, or dead."""
    row.error = describe(error)
    if isinstance(error, Permanent) or row.attempts >= settings.EVENTS_MAX_ATTEMPTS:
        row.status, row.next_attempt_at = Status.DEAD, None
    else:
        after = error.after if isinstance(error, Retry) else None
        row.next_attempt_at = clock.now() + timedelta(seconds=backoff_seconds(row.attempts, after=after))


def record_dead(subscriber: Subscriber, lane: int, envelope: Envelope, attempts: int, error: str) -> None:
    """Write an event down as dead, in the transaction that lets go of it; a redriven one is dead once more."""
    row = _row(subscriber, lane, envelope, Status.DEAD)
    row.attempts, row.error = attempts, error
    Failure.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["subscriber", "position"],
        update_fields=["status", "attempts", "next_attempt_at", "error"],
    )
    announce_dead(row)


def announce_dead(row: Failure) -> None:
    """Tell operators by an event. Dead letters about dead letters are not announced, or they would never end."""
    metrics.died(row.subscriber)
    logger.error("dead letter: %s %s at %s: %s", row.subscriber, row.type, row.position, row.error)
    if row.type != DeliveryDead.type:
        publish(DeliveryDead(subscriber=row.subscriber, event=str(row.position)))


def due(subscriber: Subscriber, lane: int, now: datetime) -> list[Failure]:
    """Return what may be tried now, in order; of an ordered subscriber only the first of each key."""
    rows = open_failures(subscriber, lane).filter(Q(next_attempt_at__lte=now) | Q(status=Status.HELD))
    if subscriber.ordered:
        earlier = open_failures(subscriber, lane).filter(key=OuterRef("key"), position__lt=OuterRef("position"))
        rows = rows.exclude(Exists(earlier.order_by()))
    return list(rows[:100])


def retry_due(subscriber: Subscriber, lane: int) -> int:
    """Try what is due, each event in a transaction of its own; return how many were handled. Runs under the lane's lock.

    The attempt is committed before it is made, so that an event which kills its process is dead in the end.
    """
    handled = 0
    while rows := due(subscriber, lane, clock.now()):
        handled += sum(_retry(subscriber, row) for row in rows)
    return handled


def _retry(subscriber: Subscriber, row: Failure) -> bool:
    """Make one attempt; return whether it succeeded."""
    row.attempts += 1
    metrics.retried(subscriber.name)
    row.status = Status.RETRYING
    row.next_attempt_at = clock.now() + timedelta(seconds=max(1.0, backoff_seconds(row.attempts)))
    if row.attempts > settings.EVENTS_MAX_ATTEMPTS:
        with transaction.atomic():
            _judge(row, RuntimeError(row.error or "The process ended during every attempt."))
            row.save()
            announce_dead(row)
        return False
    row.save()
    try:
        return _try(subscriber, row)
    except Exception:
        # What passes through attempt() is nobody's fault: the attempt is taken back, its next time stays.
        Failure.objects.filter(id=row.id).update(attempts=row.attempts - 1)
        raise


def _try(subscriber: Subscriber, row: Failure) -> bool:
    """Handle the event and write down how it went, in one commit; return whether it succeeded."""
    with transaction.atomic():
        # A replay holds it too, and is to wait.
        cursors.hold(subscriber, row.lane)
        error = attempt(subscriber, log.read_events([row.position]))
        if error is None:
            row.status, row.next_attempt_at, row.resolution = Status.DONE, None, "handled"
        else:
            metrics.failed(subscriber.name, error)
            _judge(row, error)
        row.save()
        if row.status == Status.DEAD:
            announce_dead(row)
    return error is None


def redrive(failures: QuerySet[Failure], *, reason: str, actor: Actor) -> int:
    """Give dead letters another series of attempts, starting now; return how many. The relay wakes their lanes.

    External subscribers get a new delivery. What is not dead is left alone, so that a second call changes nothing.
    """
    with transaction.atomic():
        rows = _lock_dead(failures)
        for row in rows:
            row.attempts, row.resolution = 0, f"redriven: {reason}"
            if _is_external(row.subscriber):
                row.status = Status.DONE
                Delivery.objects.get_or_create(
                    subscriber=row.subscriber, position=row.position, defaults={"lane": row.lane, "key": row.key}
                )
            else:
                row.status, row.next_attempt_at = Status.RETRYING, clock.now()
        _save_decided(rows, "redrive_deliveries", reason, actor)
    return len(rows)


def discard(failures: QuerySet[Failure], *, reason: str, actor: Actor) -> int:
    """Give dead letters up for good; return how many. A second call changes nothing."""
    with transaction.atomic():
        rows = _lock_dead(failures)
        for row in rows:
            row.status, row.resolution = Status.DISCARDED, f"discarded: {reason}"
        _save_decided(rows, "discard_deliveries", reason, actor)
    return len(rows)


def _lock_dead(failures: QuerySet[Failure]) -> list[Failure]:
    return list(failures.filter(status=Status.DEAD).select_for_update().order_by("id"))


def _save_decided(rows: list[Failure], act: str, reason: str, actor: Actor) -> None:
    """Save what staff decided, with a record of who and why."""
    if rows:
        Failure.objects.bulk_update(rows, ["attempts", "status", "next_attempt_at", "resolution"], batch_size=500)
        after = {"failures": [row.pk for row in rows[:100]], "count": len(rows)}
        record(actor=actor, act=act, target=("events.Failure", rows[0].pk), before=None, after=after, reason=reason)


def _is_external(name: str) -> bool:
    try:
        return subscriber_named(name).external
    except KeyError:
        return False


def open_lanes(now: datetime) -> Sequence[tuple[str, int]]:
    """Return the subscribers and lanes in which something may be tried now."""
    waiting = Failure.objects.filter(Q(status=Status.RETRYING, next_attempt_at__lte=now))
    return list(waiting.values_list("subscriber", "lane").distinct())
