"""What others may ask about payments: what is sold, what somebody subscribes to, what a refund needs, a gift's code."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.payments.codes import code_of
from apps.payments.models import GiftCode, Payment
from apps.payments.products import PRODUCTS, Product


@dataclass(frozen=True, slots=True)
class RefundDue:
    """What Telegram must be told to give a payment back. `subscription` is the charge that began its subscription, if any.

    Personal data: for the call, and for no log.
    """

    telegram_id: int
    charge: str
    subscription: str | None


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift for its buyer: the code is told to nobody else."""

    code: str
    days: int
    redeemed: bool


def products() -> list[Product]:
    """Return what is sold, in the order in which it is shown."""
    return list(PRODUCTS.values())


def subscribed_until(person_id: int, now: datetime) -> datetime | None:
    """Return when the person's subscription renews or, if they cancelled it, ends; None without one."""
    paid = Payment.objects.filter(
        person_id=person_id, recurring=True, problem="", refunded_at=None, subscription_until__gt=now
    )
    return paid.order_by("-subscription_until").values_list("subscription_until", flat=True).first()


def refund_due(payment_id: int) -> RefundDue | None:
    """Return what a refund that was asked for needs; None if it is done, was not asked for or cannot be made."""
    payment = Payment.objects.filter(pk=payment_id, refunded_at=None, refund_requested_at__isnull=False).first()
    if payment is None or payment.payer is None:
        return None
    return RefundDue(payment.payer, payment.charge, _subscription(payment) if payment.recurring else None)


def _subscription(payment: Payment) -> str:
    if payment.invoice_id is None:
        return payment.charge
    begun = Payment.objects.filter(invoice_id=payment.invoice_id, person_id=payment.person_id, recurring=True)
    return begun.order_by("id").values_list("charge", flat=True).first() or payment.charge


def gift_of(payment_id: int) -> Gift | None:
    """Return the gift that a payment bought; None if it bought none or was refunded."""
    gift = GiftCode.objects.filter(payment_id=payment_id, voided_at=None).first()
    if gift is None:
        return None
    return Gift(code_of(bytes(gift.salt), settings.SECRET_KEY), gift.days, gift.redeemed_at is not None)


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment, for its payer."""

    id: int
    stars: int
    paid_at: datetime
    refunded: bool


def last_payments(person_id: int, most: int) -> list[PaymentLine]:
    """Return the person's last payments, newest first, credited or not."""
    found = Payment.objects.filter(person_id=person_id).order_by("-id")[:most]
    return [PaymentLine(p.pk, p.stars, p.paid_at, p.refunded_at is not None) for p in found]
