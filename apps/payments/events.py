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
