"""What is kept of payments. What must hold is a constraint, not a habit."""

from apps.payments.models.gifts import GiftCode, GiftGuesses
from apps.payments.models.payments import (
    PAYLOAD_MAX_LENGTH,
    PROBLEMS,
    Invoice,
    Kind,
    Payment,
    PreCheckout,
    Subscription,
    ToldRefund,
)
from apps.payments.models.refund_requests import RefundRequest

__all__ = [
    "PAYLOAD_MAX_LENGTH",
    "PROBLEMS",
    "GiftCode",
    "GiftGuesses",
    "Invoice",
    "Kind",
    "Payment",
    "PreCheckout",
    "RefundRequest",
    "Subscription",
    "ToldRefund",
]
