"""Taking back what a payment earned, when the payment itself was given back."""

from datetime import datetime

from django.db import transaction

from apps.gamification import awards, loading
from apps.gamification.models import Entry
from apps.gamification.services.points import reverse_entry
from diana import audit
from diana.events import Envelope, Retry
from diana.events.log import read_events
from diana.events.models import Failure, StoredEvent

SYSTEM = audit.Actor(None, "gamification.take_back_refunded", "command")


def reverse_payment(*, person_id: int, charge: int, position: int, now: datetime) -> list[int]:
    """Reverse the entries of a payment's success, told before `position` in the log; return the reversed ones' ids.

    Locks the account. What was reversed already stays so. The day is not decided anew: payments use up no limit of acts.
    Raises Retry while the award itself is still to come.
    """
    told = _success(person_id, charge, position)
    if told is None:
        return []  # it was never credited, so it earned nothing
    with transaction.atomic():
        standings, _rulebook = loading.lock_standings([person_id])
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
    return found


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
