"""Payments as they come in with an update, booked in its transaction. No worker, no Redis and no Bot API stands between."""

from datetime import UTC, datetime

from apps.bot.incoming import Incoming, SuccessfulPayment
from apps.payments import services as payments


def book(incoming: Incoming, *, person_id: int | None, now: datetime) -> None:
    """Book the payment or the refund that the update tells of, if it does; the person's row is locked."""
    if incoming.paid is not None and person_id is not None and incoming.sender is not None:
        paid = _paid(incoming.paid, incoming.sender, min(incoming.sent_at or now, now))
        payments.take_payment(person_id=person_id, paid=paid, now=now)
    if incoming.refunded is not None:
        payments.confirm_refund_of(charge=incoming.refunded.telegram_payment_charge_id, now=now)


def _paid(told: SuccessfulPayment, payer: int, paid_at: datetime) -> payments.Paid:
    until = told.subscription_expiration_date
    return payments.Paid(
        charge=told.telegram_payment_charge_id,
        payer=payer,
        payload=told.invoice_payload,
        stars=told.total_amount,
        currency=told.currency,
        paid_at=paid_at,
        recurring=told.is_recurring,
        first=told.is_first_recurring or not told.is_recurring,
        subscription_until=None if until is None else datetime.fromtimestamp(until, UTC),
    )
