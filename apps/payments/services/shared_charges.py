"""Renewals that Telegram tells under the charge of another payment of their subscription: each is a payment of its own."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.payments.comparing import Transaction
from apps.payments.models import Payment

# Payments of one subscription are paid until times that are a month apart; those of a copy are the same.
SAME = timedelta(days=1)
# No charge of Telegram's has spaces.
OWN = " until "


def own_charge(charge: str, payload: str, until: datetime | None, recurring: bool) -> str:
    """Return the charge to book a payment under: the one that was told, unless that is the charge of another payment of the
    subscription, until another time. The person is locked. Telegram cannot refund such a charge and says so.
    """
    if not recurring or until is None:
        return charge
    known = Payment.objects.filter(charge=charge, payload=payload, recurring=True).first()
    if known is None or known.subscription_until is None or abs(known.subscription_until - until) < SAME:
        return charge
    return f"{charge}{OWN}{until:%Y-%m-%d}"


def without_told(transactions: Sequence[Transaction]) -> list[Transaction]:
    """Return the lines of Telegram's list without renewals that were booked under a charge of our own: the list may name
    them by one of Telegram's.
    """
    told = list(Payment.objects.filter(charge__contains=OWN).values_list("payload", "paid_at"))
    booked = set(Payment.objects.values_list("charge", flat=True)) if told else set()

    def is_told(line: Transaction) -> bool:
        return line.recurring and not line.refund and line.charge not in booked and any(
            line.payload == payload and abs(line.at - paid_at) < SAME for payload, paid_at in told
        )  # fmt: skip

    return [line for line in transactions if not is_told(line)]
