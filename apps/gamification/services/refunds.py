"""Taking back what a payment earned, when the payment itself was given back."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.gamification import awards, loading
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.levels import level_of
from apps.gamification.decide.rules import Rulebook
from apps.gamification.events import PaymentTakenBack
from apps.gamification.models import Account, Entry
from apps.gamification.services.points import reverse_entry
from diana import audit
from diana.events import Envelope, Retry, publish
from diana.events.log import read_events
from diana.events.models import Failure, StoredEvent

SYSTEM = audit.Actor(None, "gamification.take_back_refunded", "command")


def reverse_payment(*, person_id: int, charge: int, position: int, now: datetime) -> list[int]:
    """Reverse the entries of a payment's success, told before `position` in the log; return the reversed ones' ids.

    Locks the account. What was reversed already stays so. The day is not decided anew: payments use up no limit of acts.
    Publishes game.payment_taken_back, with the levels before and after, where there was anything to reverse. Raises Retry
    while the award itself is still to come.
    """
    told = _success(person_id, charge, position)
    if told is None:
        return []  # it was never credited, so it earned nothing
    with transaction.atomic():
        standings, rulebook = loading.lock_standings([person_id])
        before = standings[person_id].lifetime
        if standings[person_id].state.position < told.position or _has_failed(told):
            raise Retry("The payment's own points are still to come.", after=1)
        reversed_ids = Entry.objects.filter(reverses__isnull=False, account_id=person_id).values("reverses")
        # By account: entries have no index by event.
        earned = Entry.objects.filter(account_id=person_id, event_id=told.event_id, amount__gt=0, kind=Entry.Kind.AWARD)
        found = list(earned.exclude(pk__in=reversed_ids).order_by("pk").values_list("pk", flat=True))
        for entry_id in found:
            reverse_entry(
                entry_id=entry_id,
                reason=f"Payment {charge} was refunded.",
                actor=SYSTEM,
                key=f"refund-{charge}-{entry_id}",
                now=now,
                recompute=False,
            )
        if found:
            _tell(person_id, charge, before, rulebook, now)
    return found


def _tell(person_id: int, charge: int, before: int, rulebook: Rulebook, now: datetime) -> None:
    """Publish what went, in the transaction that holds the account."""
    after = Account.objects.values_list("lifetime", flat=True).get(pk=person_id)
    table = rulebook.multipliers_at(microseconds(now)).level_table
    old, new = level_of(before, table), level_of(after, table)
    event = PaymentTakenBack(user_id=person_id, charge=charge, points=before - after, old=old, new=new)
    publish(event, occurred_at=now)


def taken_back(person_id: int, charge: int) -> Mapping[str, int] | None:
    """Return what went with a refunded payment, as game.payment_taken_back tells it; None as long as nothing did."""
    told = StoredEvent.objects.filter(user_id=person_id, type="game.payment_taken_back")
    events = read_events(list(told.values_list("id", flat=True)))
    return next((event.fields for event in events if event.fields["charge"] == charge), None)


def _success(person_id: int, charge: int, position: int) -> Envelope | None:
    """Return the event that told of the payment."""
    told = StoredEvent.objects.filter(user_id=person_id, type="payment.succeeded", id__lt=position)
    events = read_events(list(told.values_list("id", flat=True)))
    return next((event for event in events if event.fields["charge"] == charge), None)


def _has_failed(told: Envelope) -> bool:
    """Say whether the award could not be made yet: it may be, by another try or by somebody who redrives it."""
    over = (Failure.Status.DONE, Failure.Status.DISCARDED)
    failed = Failure.objects.filter(subscriber=awards.SUBSCRIBER, position=told.position)
    return failed.exclude(status__in=over).exists()
