"""What others may ask about payments: what is sold, what somebody subscribes to, what calls need, a gift's code."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings

from apps.payments.asking import why_not
from apps.payments.codes import KeyMissing, code_under
from apps.payments.models import GiftCode, Invoice, Payment, RefundRequest, Subscription
from apps.payments.products import PRODUCTS, Product, saving_percent
from apps.users.models import Person

__all__ = [
    "EndDue",
    "Ending",
    "Gift",
    "KeyMissing",
    "PaymentLine",
    "PaymentState",
    "RefundDue",
    "Running",
    "end_due",
    "erased_payer_of",
    "gift_of",
    "is_gift",
    "is_of_gift",
    "last_payments",
    "payment_line",
    "products",
    "refund_due",
    "running",
    "saving_percent",
    "subscribed_until",
    "to_end",
]


@dataclass(frozen=True, slots=True)
class RefundDue:
    """What Telegram must be told to give a payment back. `subscription` is the charge that began its subscription,
    if that has not ended, and `subscription_id` our number of it.

    Personal data: for the call, and for no log.
    """

    telegram_id: int
    charge: str
    subscription: str | None = None
    subscription_id: int | None = None


@dataclass(frozen=True, slots=True)
class EndDue:
    """What Telegram must be told to end a subscription: personal data, as above."""

    telegram_id: int
    charge: str


@dataclass(frozen=True, slots=True)
class Ending:
    """A subscription that Telegram is to end: why, since when, asked how often, and what it said last."""

    id: int
    reason: str
    since: datetime
    attempts: int
    problem: str


@dataclass(frozen=True, slots=True)
class Running:
    """A subscription that runs: `until` it is paid for, then it renews or ends; `failed`: Telegram could not charge for it."""

    until: datetime
    renews: bool
    failed: bool


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift for its buyer: the code is told to nobody else."""

    code: str
    days: int
    redeemed: bool


def products() -> list[Product]:
    """Return what is sold, in the order in which it is shown."""
    return list(PRODUCTS.values())


def running(person_id: int, now: datetime) -> Running | None:
    """Return the person's subscription that runs at Telegram, None without one; the one paid for longest of several.

    It runs until the time that was paid for is over, unless Telegram has ended it: a cancelled one can be taken up again.
    """
    open_ = Subscription.objects.filter(person_id=person_id, paid_until__gt=now, ended_at=None)
    found = open_.order_by("-paid_until", "-pk").first()
    if found is None:
        return None
    ends = found.state != Subscription.State.ACTIVE or found.end_requested_at is not None
    return Running(found.paid_until, not ends, found.state == Subscription.State.FAILED)


def subscribed_until(person_id: int, now: datetime) -> datetime | None:
    """Return when the person's subscription renews or ends; None without one."""
    found = running(person_id, now)
    return found.until if found else None


def refund_due(payment_id: int) -> RefundDue | None:
    """Return what a refund that was asked for needs; None if it is done, was not asked for or cannot be made."""
    asked = Payment.objects.filter(pk=payment_id, refunded_at=None, refund_requested_at__isnull=False)
    payment = asked.select_related("subscription").first()
    if payment is None or payment.payer is None:
        return None
    found = payment.subscription
    if found is None or found.ended_at is not None:
        return RefundDue(payment.payer, payment.charge)
    return RefundDue(payment.payer, payment.charge, found.charge, found.pk)


def end_due(subscription_id: int) -> EndDue | None:
    """Return what ending a subscription at Telegram needs; None if that is done or not wanted."""
    asked = Subscription.objects.filter(pk=subscription_id, ended_at=None, end_requested_at__isnull=False)
    found = asked.first()
    return EndDue(found.payer, found.charge) if found is not None and found.payer is not None else None


def to_end() -> list[Ending]:
    """Return the subscriptions that Telegram is to end and has not, those waiting longest first."""
    open_ = Subscription.objects.filter(end_requested_at__isnull=False, ended_at=None).order_by(
        "end_requested_at", "pk"
    )
    fields = ("pk", "end_reason", "end_requested_at", "end_attempts", "end_problem")
    return [Ending(*row) for row in open_.values_list(*fields)]


def erased_payer_of(payload: str) -> int | None:
    """Return our number of the erased person whose bill this is, if it is one's."""
    bill = Invoice.objects.filter(payload=payload, person__status=Person.Status.ERASED)
    return bill.values_list("person_id", flat=True).first()


def gift_of(payment_id: int) -> Gift | None:
    """Return the gift that a payment bought; None if it bought none or was refunded. Raises KeyMissing."""
    gift = GiftCode.objects.filter(payment_id=payment_id, voided_at=None).first()
    if gift is None:
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return Gift(code_under(bytes(gift.salt), bytes(gift.digest), keys), gift.days, gift.redeemed_at is not None)


def is_gift(payment_id: int) -> bool:
    """Say whether the payment bought a gift's code."""
    return GiftCode.objects.filter(payment_id=payment_id).exists()


def is_of_gift(person_id: int, grant: int) -> bool:
    """Say whether the person got this VIP by a code that they redeemed."""
    return GiftCode.objects.filter(redeemed_by_id=person_id, vip_grant=grant).exists()


# What a line is made of, in one statement.
OF_LINE = ("invoice", "request", "gift")
PaymentState = Literal["credited", "owed", "asked", "declined", "returning", "refunded"]


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """A payment, for its payer. `kind` and `days` are those of its bill, "" and 0 where it fits none.

    `state`: credited; owed, because it gave nothing; asked back, and declined, with the `answer` of staff; returning, as
    Telegram is being told; refunded. `redeemed` says it of a gift, None of others. `may_ask`: its refund can be asked for.
    """

    id: int
    stars: int
    paid_at: datetime
    kind: str
    days: int
    first: bool
    state: PaymentState
    answer: str
    redeemed: bool | None
    may_ask: bool


def last_payments(person_id: int, most: int, now: datetime) -> list[PaymentLine]:
    """Return the person's last payments, newest first, credited or not."""
    has_open = RefundRequest.objects.filter(person_id=person_id, state=RefundRequest.State.OPEN).exists()
    mine = Payment.objects.filter(person_id=person_id).select_related(*OF_LINE).order_by("-id")
    return [_line(payment, has_open, now) for payment in mine[:most]]


def payment_line(payment_id: int, now: datetime) -> PaymentLine | None:
    """Return one payment, for its payer; whether its refund can be asked for is not said."""
    payment = Payment.objects.filter(pk=payment_id).select_related(*OF_LINE).first()
    return _line(payment, True, now) if payment else None


def _line(payment: Payment, has_open: bool, now: datetime) -> PaymentLine:
    bill, request, gift = payment.invoice, getattr(payment, "request", None), getattr(payment, "gift", None)
    kind, days = (bill.kind, bill.days) if bill is not None and not payment.problem else ("", 0)
    return PaymentLine(
        id=payment.pk,
        stars=payment.stars,
        paid_at=payment.paid_at,
        kind=kind,
        days=days,
        first=payment.first,
        state=_state(payment, request),
        answer=request.answer if request else "",
        redeemed=gift and gift.redeemed_at is not None,
        may_ask=request is None and why_not(payment, has_open=has_open, now=now) is None,
    )


def _state(payment: Payment, request: RefundRequest | None) -> PaymentState:
    if payment.refunded_at is not None:
        return "refunded"
    if payment.refund_requested_at is not None:
        return "returning"
    if request is not None and request.state == RefundRequest.State.OPEN:
        return "asked"
    if request is not None and request.state == RefundRequest.State.DECLINED:
        return "declined"
    return "owed" if payment.problem else "credited"
