"""What can happen to a payment, as typed events. Amounts are whole Telegram Stars; `charge` is our id, not Telegram's."""

from diana.events import Event


class InvoiceCreated(Event, type="payment.invoice_created"):
    """Somebody was shown what a product costs."""

    invoice: int
    product: str
    stars: int


class PrecheckoutAnswered(Event, type="payment.precheckout_answered"):
    """Telegram asked whether an invoice may be paid, and this was the answer."""

    ok: bool


class PaymentSucceeded(Event, type="payment.succeeded"):
    """A payment came in. `recurring`: by a subscription; `first`: a one-off payment, or the first of its subscription."""

    charge: int
    product: str
    stars: int
    recurring: bool
    first: bool


class DuplicateIgnored(Event, type="payment.duplicate_ignored"):
    """A payment was told a second time; nothing follows."""

    charge: int


class RefundRequested(Event, type="payment.refund_requested"):
    """Staff want a payment given back; Telegram has not done it yet. `audit` and `actor` say who and why."""

    charge: int
    actor: int | None
    audit: int


class PaymentRefunded(Event, type="payment.refunded"):
    """A payment was given back."""

    charge: int


class PaymentNotCredited(Event, type="payment.not_credited"):
    """A payment came in and gave nothing; `problem` is why. It is owed back, or credited later if it is "failed"."""

    charge: int
    stars: int
    problem: str


class RefundAsked(Event, type="payment.refund_asked"):
    """Somebody wants a payment given back; staff are to decide. `request` is our id of it."""

    charge: int
    request: int


class RefundDeclined(Event, type="payment.refund_declined"):
    """Staff do not give a payment back that somebody asked for. `audit` and `actor` say who and why."""

    charge: int
    request: int
    actor: int | None
    audit: int


class RefundDue(Event, type="payment.refund_due"):
    """A refund that Telegram has not made is to be tried again."""

    charge: int


class SubscriptionEndRequested(Event, type="payment.subscription_end_requested"):
    """Telegram is to charge for a subscription no more: it was refunded, doubled, or its person was erased."""

    subscription: int


class SubscriptionFailed(Event, type="payment.subscription_failed"):
    """Telegram could not charge for a subscription."""

    subscription: int
