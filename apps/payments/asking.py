"""Which payments somebody may ask to have back; pure."""

from datetime import datetime, timedelta
from typing import Literal, Protocol

Why = Literal["unknown", "open", "late", "settled"]
SPAN = timedelta(days=30)


class Paid(Protocol):
    """What is looked at of a payment."""

    paid_at: datetime
    refunded_at: datetime | None
    refund_requested_at: datetime | None


def why_not(payment: Paid, *, has_open: bool, now: datetime) -> Why | None:
    """Return why a payment without a request of its own cannot be asked back, None if it can: it is settled already, older
    than 30 days, or the person has another open request.
    """
    if payment.refunded_at is not None or payment.refund_requested_at is not None:
        return "settled"
    if now - payment.paid_at > SPAN:
        return "late"
    return "open" if has_open else None
