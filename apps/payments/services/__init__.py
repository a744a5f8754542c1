"""Everything that changes bills, payments and gifts. Each act locks the person's row first; none calls Telegram."""

from apps.payments.comparing import Transaction
from apps.payments.services.booking import Paid, credit_failed, take_payment
from apps.payments.services.checkout import Answer, Question, answer_pre_checkout
from apps.payments.services.forgetting import forget_questions
from apps.payments.services.gifts import GiftRefused, TooManyGuesses, redeem_gift
from apps.payments.services.invoices import UnknownProduct, create_invoice
from apps.payments.services.reconciling import Report, reconcile
from apps.payments.services.refunding import (
    NotRefundable,
    confirm_refund,
    confirm_refund_of,
    end_gift,
    fail_refund,
    preview_refund,
    request_refund,
)

__all__ = [
    "Answer",
    "GiftRefused",
    "NotRefundable",
    "Paid",
    "Question",
    "Report",
    "TooManyGuesses",
    "Transaction",
    "UnknownProduct",
    "answer_pre_checkout",
    "confirm_refund",
    "confirm_refund_of",
    "create_invoice",
    "credit_failed",
    "end_gift",
    "fail_refund",
    "forget_questions",
    "preview_refund",
    "reconcile",
    "redeem_gift",
    "request_refund",
    "take_payment",
]
