"""Everything that changes bills, payments and gifts. Each act locks the person's row first; none calls Telegram."""

from apps.payments.comparing import Transaction
from apps.payments.services.booking import Paid, credit_failed, payer_of, take_payment
from apps.payments.services.checkout import Answer, Question, answer_pre_checkout
from apps.payments.services.forgetting import forget_questions
from apps.payments.services.gifts import GiftRefused, TooManyGuesses, redeem_gift
from apps.payments.services.invoices import AlreadySubscribed, UnknownProduct, create_invoice
from apps.payments.services.reconciling import Report, reconcile
from apps.payments.services.refund_requests import (
    AlreadyDecided,
    RequestRefused,
    ask_for_refund,
    decline_refund,
    preview_decline,
)
from apps.payments.services.refunding import (
    NotRefundable,
    confirm_refund,
    end_gift,
    fail_refund,
    preview_refund,
    request_refund,
)
from apps.payments.services.retrying import try_again
from apps.payments.services.states import note_state
from apps.payments.services.subscriptions import (
    NothingToEnd,
    ask_again,
    confirm_end,
    end_subscription,
    fail_end,
    preview_end,
)
from apps.payments.services.told_refunds import take_refund

__all__ = [
    "AlreadyDecided",
    "AlreadySubscribed",
    "Answer",
    "GiftRefused",
    "NotRefundable",
    "NothingToEnd",
    "Paid",
    "Question",
    "Report",
    "RequestRefused",
    "TooManyGuesses",
    "Transaction",
    "UnknownProduct",
    "answer_pre_checkout",
    "ask_again",
    "ask_for_refund",
    "confirm_end",
    "confirm_refund",
    "create_invoice",
    "credit_failed",
    "decline_refund",
    "end_gift",
    "end_subscription",
    "fail_end",
    "fail_refund",
    "forget_questions",
    "note_state",
    "payer_of",
    "preview_decline",
    "preview_end",
    "preview_refund",
    "reconcile",
    "redeem_gift",
    "request_refund",
    "take_payment",
    "take_refund",
    "try_again",
]
