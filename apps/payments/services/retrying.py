"""Asking Telegram again about refunds and ends of subscriptions that it has not made: a bounded number of times."""

from datetime import datetime

from django.db import transaction

from apps.payments.attempts import ENDS, REFUNDS, next_attempt
from apps.payments.events import RefundDue, SubscriptionEndRequested
from apps.payments.models import Payment, Subscription
from diana.events import Publication, publish_many

AT_ONCE = 100


def try_again(*, now: datetime) -> int:
    """Publish what is due to be tried again, at most 100 of each kind; return how much. Two at once share the work."""
    with transaction.atomic():
        return _ends(now) + _refunds(now)


def _ends(now: datetime) -> int:
    open_ = Subscription.objects.filter(end_requested_at__isnull=False, ended_at=None, end_next_at__lte=now)
    due = list(open_.select_for_update(skip_locked=True, of=("self",)).order_by("end_next_at", "pk")[:AT_ONCE])
    for subscription in due:
        subscription.end_attempts += 1
        subscription.end_next_at = next_attempt(subscription.end_attempts, ENDS, now)
        subscription.save(update_fields=["end_attempts", "end_next_at"])
    events = [SubscriptionEndRequested(user_id=found.person_id, subscription=found.pk) for found in due]
    publish_many([Publication(event=event, occurred_at=now) for event in events])
    return len(due)


def _refunds(now: datetime) -> int:
    open_ = Payment.objects.filter(
        refund_requested_at__isnull=False, refunded_at=None, refund_next_at__lte=now, payer__isnull=False
    )
    due = list(open_.select_for_update(skip_locked=True, of=("self",)).order_by("refund_next_at", "pk")[:AT_ONCE])
    for payment in due:
        payment.refund_attempts += 1
        payment.refund_next_at = next_attempt(payment.refund_attempts, REFUNDS, now)
        payment.save(update_fields=["refund_attempts", "refund_next_at"])
    events = [RefundDue(user_id=payment.person_id, charge=payment.pk) for payment in due]
    publish_many([Publication(event=event, occurred_at=now) for event in events])
    return len(due)
