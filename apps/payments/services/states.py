"""States of subscriptions as Telegram tells them, also before the first payment of one."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.payments.events import SubscriptionFailed
from apps.payments.models import Invoice, Kind, Payment, Subscription
from diana.events import Publication, publish_many


def note_state(*, payer: int, payload: str, state: str, now: datetime) -> bool:
    """Keep what Telegram tells of a subscription: the person cancelled it, took it up again, or could not pay.

    Publishes payment.subscription_failed for the last. One whose first payment is still to be told keeps it at its bill.
    Returns whether it was news; a state, a bill or a payer that is not known changes nothing.
    """
    if state not in Subscription.State.values:
        return False
    with transaction.atomic():
        subscription = _told_of(payer, payload)
        if subscription is not None:
            return _set_state(subscription, state, now)
        bills = Invoice.objects.filter(payload=payload, person__telegram_id=payer, kind=Kind.SUBSCRIPTION)
        # A first payment takes this lock too: the later of the two sees the other.
        bill = bills.select_for_update(of=("self",)).first()
        if bill is None:
            return False
        if (subscription := _told_of(payer, payload)) is not None:
            return _set_state(subscription, state, now)
        return bool(bills.exclude(told_state=state).update(told_state=state, told_state_at=now))


def take_told_state(subscription: Subscription, payment: Payment) -> None:
    """Let a state hold that was told before the first payment, and not before it was paid, in the caller's
    transaction. Locks the bill.
    """
    if payment.invoice is None:
        return
    # Locked whatever it says: a state that is being kept at this moment must be seen.
    told = Invoice.objects.select_for_update(of=("self",)).get(pk=payment.invoice.pk)
    if told.told_state_at is not None and told.told_state_at >= payment.paid_at:
        _set_state(subscription, told.told_state, told.told_state_at)


def _told_of(payer: int, payload: str) -> Subscription | None:
    """Return the subscription that Telegram speaks of, locked: one that goes on before one that ends."""
    mine = Subscription.objects.select_for_update(of=("self",)).filter(payer=payer, payload=payload)
    open_first = (F(name).desc(nulls_first=True) for name in ("ended_at", "end_requested_at"))
    return mine.order_by(*open_first, "-paid_until", "-pk").first()


def _set_state(subscription: Subscription, state: str, now: datetime) -> bool:
    if subscription.state == state:
        return False
    subscription.state, subscription.state_at = state, now
    subscription.save(update_fields=["state", "state_at"])
    if state == Subscription.State.FAILED and subscription.end_requested_at is None:
        event = SubscriptionFailed(user_id=subscription.person_id, subscription=subscription.pk)
        publish_many([Publication(event=event, occurred_at=now)])
    return True
