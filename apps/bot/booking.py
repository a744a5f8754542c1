"""Payments as they come in with an update, booked in its transaction. No worker, no Redis and no Bot API stands between."""

from datetime import UTC, datetime

from apps.bot.incoming import Incoming, SuccessfulPayment
from apps.payments import services as payments
from apps.users import selectors as people


def book(incoming: Incoming, *, now: datetime) -> None:
    """Book the payment, the refund or the state of a subscription that the update tells of, if it does; the person's row is
    locked.
    """
    payer = incoming.sender or _own_chat(incoming)
    if incoming.paid is not None and payer is not None:
        paid = _paid(incoming.paid, payer, min(incoming.sent_at or now, now))
        person_id = payments.payer_of(telegram_id=payer, payload=paid.payload, now=now)
        payments.take_payment(person_id=person_id, paid=paid, now=now)
    if incoming.refunded is not None:
        told = incoming.refunded
        payments.take_refund(
            charge=told.telegram_payment_charge_id,
            payer=payer,
            stars=told.total_amount,
            person_id=None if payer is None else people.person_of(payer),
            now=now,
        )
    if incoming.subscribed is not None:
        state = incoming.subscribed
        payments.note_state(payer=state.user.id, payload=state.invoice_payload, state=state.state, now=now)


def _own_chat(incoming: Incoming) -> int | None:
    """Return whose chat with the bot it is: its id is the person's."""
    return incoming.chat if incoming.chat is not None and incoming.chat > 0 else None


def _paid(told: SuccessfulPayment, payer: int, paid_at: datetime) -> payments.Paid:
    until = told.subscription_expiration_date
    return payments.Paid(
        charge=told.telegram_payment_charge_id,
        payer=payer,
        payload=told.invoice_payload,
        stars=told.total_amount,
        currency=told.currency,
        paid_at=paid_at,
        recurring=told.is_recurring or told.is_first_recurring,
        first=told.is_first_recurring or not told.is_recurring,
        subscription_until=None if until is None else datetime.fromtimestamp(until, UTC),
    )
