"""The failures table: writing down what failed, trying it again when it is due, giving it up, redriving it."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from diana import clock, metrics
from diana.audit import Actor, record
from diana.events import cursors, log, visits
from diana.events.catalogue import Event
from diana.events.envelope import Envelope
from diana.events.failures import Permanent, Retry, backoff_seconds, describe, is_passing
from diana.events.isolation import Outcome, attempt
from diana.events.models import Delivery, Failure
from diana.events.publishing import publish
from diana.events.subscriptions import Subscriber, subscribers
from diana.events.subscriptions import subscriber as subscriber_named

logger = logging.getLogger(__name__)
Status = Failure.Status
OPEN = (Status.RETRYING, Status.HELD)
RECORDED_AT_ONCE = 500


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
    """Write down what failed and what is held, in the transaction that moves the cursor past it.

    A row that is there from an earlier life of the subscriber begins anew.
    """
    rows = [_failed(subscriber, lane, envelope, error) for envelope, error in outcome.failed]
    rows += [_row(subscriber, lane, envelope, Status.HELD) for envelope in outcome.held]
    _write(rows)
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
        row.next_attempt_at = clock.real_now() + timedelta(seconds=backoff_seconds(row.attempts, after=after))


def record_dead(subscriber: Subscriber, lane: int, envelope: Envelope, attempts: int, error: str) -> None:
    """Write an event down as dead, in the transaction that lets go of it; a redriven one is dead once more."""
    row = _row(subscriber, lane, envelope, Status.DEAD)
    row.attempts, row.error = attempts, error
    _write([row])
    announce_dead(row)


def record_passing(subscriber: Subscriber, lane: int, envelope: Envelope, error: Exception) -> None:
    """Write an event down that met errors which did not pass, in the transaction that lets go of it."""
    row = _failed(subscriber, lane, envelope, error)
    row.passing_errors = settings.EVENTS_PASSING_ERRORS
    _write([row])
    logger.error("set aside: %s %s at %s: %s", row.subscriber, row.type, row.position, row.error)


def _write(rows: Sequence[Failure]) -> None:
    Failure.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["subscriber", "position"],
        update_fields=["status", "attempts", "passing_errors", "next_attempt_at", "error"],
    )


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

    The attempt is committed before it is made, so that an event which kills its process is dead in the end. After
    EVENTS_SLICE_SECONDS the rest is left to the relay: a thousand redriven at once keep no other lane waiting.
    """
    handled, deadline = 0, time.monotonic() + settings.EVENTS_SLICE_SECONDS
    while rows := due(subscriber, lane, clock.real_now()):
        for row in rows:
            handled += _retry(subscriber, row)
            if time.monotonic() >= deadline:
                return handled
    return handled


def _retry(subscriber: Subscriber, row: Failure) -> bool:
    """Make one attempt; return whether it succeeded."""
    row.attempts += 1
    metrics.retried(subscriber.name)
    row.status = Status.RETRYING
    row.next_attempt_at = clock.real_now() + timedelta(seconds=max(1.0, backoff_seconds(row.attempts)))
    if row.attempts > settings.EVENTS_MAX_ATTEMPTS:
        with transaction.atomic():
            _judge(row, RuntimeError(row.error or "The process ended during every attempt."))
            row.save()
            announce_dead(row)
        return False
    row.save()
    try:
        return _try(subscriber, row)
    except Exception as error:
        if not _charge_passing(row, error):
            raise
        return False


def _charge_passing(row: Failure, error: Exception) -> bool:
    """Decide about what passed through attempt() and is nobody's fault; return whether it is charged to the event now.

    The attempt is taken back, its next time stays. What should pass and has not, too often in a row, is charged.
    """
    passing = row.passing_errors + is_passing(error)
    if passing <= settings.EVENTS_PASSING_ERRORS or not is_passing(error):
        Failure.objects.filter(id=row.id).update(attempts=row.attempts - 1, passing_errors=passing)
        return False
    with transaction.atomic():
        _judge(row, error)
        row.save()
        if row.status == Status.DEAD:
            announce_dead(row)
    return True


def _try(subscriber: Subscriber, row: Failure) -> bool:
    """Handle the event and write down how it went, in one commit; return whether it succeeded."""
    started = visits.start()
    with transaction.atomic():
        # A replay holds it too, and is to wait.
        cursors.hold(subscriber, row.lane)
        error = attempt(subscriber, log.read_events([row.position]))
        if error is None:
            row.status, row.next_attempt_at, row.resolution = Status.DONE, None, "handled"
        else:
            metrics.failed(subscriber.name, error)
            row.passing_errors = 0
            _judge(row, error)
        row.save()
        if row.status == Status.DEAD:
            announce_dead(row)
        visits.note_retry(subscriber.name, started, row.lane, row.position, failed=bool(error), attempt=row.attempts)
    return error is None


def redrive(failures: QuerySet[Failure], *, reason: str, actor: Actor) -> int:
    """Give dead letters another series of attempts, starting now; return how many. The relay wakes their lanes.

    External subscribers get a new delivery. What is not dead is left alone, so that a second call changes nothing; so
    are dead letters of subscribers that the code does not know, which nobody would handle.
    """
    known = [subscriber.name for subscriber in subscribers()]
    with transaction.atomic():
        rows = _lock_dead(failures.filter(subscriber__in=known))
        for row in rows:
            row.attempts, row.passing_errors, row.resolution = 0, 0, f"redriven: {reason}"
            if subscriber_named(row.subscriber).external:
                row.status = Status.DONE
                Delivery.objects.get_or_create(
                    subscriber=row.subscriber, position=row.position, defaults={"lane": row.lane, "key": row.key}
                )
            else:
                row.status, row.next_attempt_at = Status.RETRYING, clock.real_now()
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
    """Save what staff decided, with records of who and why that name every failure, up to RECORDED_AT_ONCE each."""
    for start in range(0, len(rows), RECORDED_AT_ONCE):
        part = rows[start : start + RECORDED_AT_ONCE]
        Failure.objects.bulk_update(part, ["attempts", "passing_errors", "status", "next_attempt_at", "resolution"])
        after = {"failures": [row.pk for row in part], "count": len(part)}
        record(actor=actor, act=act, target=("events.Failure", part[0].pk), before=None, after=after, reason=reason)


def count_by_kind(failures: QuerySet[Failure]) -> list[tuple[str, str, int]]:
    """Return how many dead letters there are of each subscriber and type."""
    dead = failures.filter(status=Status.DEAD).order_by("subscriber", "type")
    return list(dead.values_list("subscriber", "type").annotate(n=Count("id")))


def open_lanes(now: datetime) -> Sequence[tuple[str, int]]:
    """Return the subscribers and lanes in which something may be tried now: what is due, and what is held behind nothing.

    The latter is left when a process ends, or its time does, between an event and those that it held back.
    """
    same_key = {name: OuterRef(name) for name in ("subscriber", "lane", "key")}
    holding = Failure.objects.filter(**same_key, status=Status.RETRYING, position__lt=OuterRef("position"))
    waiting = Failure.objects.filter(
        Q(next_attempt_at__lte=now) | Q(Q(status=Status.HELD), ~Exists(holding)), status__in=OPEN
    )
    return list(waiting.values_list("subscriber", "lane").distinct())
