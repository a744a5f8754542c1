"""Refunds that Telegram tells: booked at their payments, kept where they fit none."""

from datetime import datetime

from django.db import transaction

from apps.payments.models import Payment, ToldRefund
from apps.payments.services.refunding import confirm_refund
from apps.users import selectors as people
from apps.users import services as users

Problem = ToldRefund.Problem


def take_refund(
    *,
    charge: str,
    payer: int | None,
    stars: int | None = None,
    person_id: int | None = None,
    now: datetime,
    source: str = Payment.Source.TELEGRAM,
) -> bool:
    """Book a refund that Telegram tells, and say whether it was news.

    `payer` is the Telegram id in whose chat it was told, `stars` the amount, None for what was not told. One that fits no
    payment of that person in charge and amount changes none: it is kept for staff, and for a payment that is told later.
    """
    with transaction.atomic():
        _lock(payer)
        payment = Payment.objects.filter(charge=charge).first()
        problem = judge(payment, payer, stars)
        if payment is not None and not problem:
            return confirm_refund(payment_id=payment.pk, now=now)
        if payment is not None and payment.refunded_at is not None:
            return False
        _, is_new = ToldRefund.objects.get_or_create(
            charge=charge,
            payer=payer,
            stars=stars,
            problem=problem,
            defaults={"person_id": person_id, "told_at": now, "source": source},
        )
    return is_new


def _lock(payer: int | None) -> None:
    """Let a payment of the same person that comes at this moment be before this or after it."""
    person_id = people.person_of(payer) if payer is not None else None
    if person_id is not None:
        users.lock_people([person_id])


def judge(payment: Payment | None, payer: int | None, stars: int | None) -> str:
    """Return why the refund is not one of this payment, "" if it is. Of the erased nobody knows the Telegram id."""
    if payment is None:
        return Problem.UNKNOWN
    if payment.payer is not None and payer != payment.payer:
        return Problem.OTHER_PERSON
    return "" if stars in (None, payment.stars) else Problem.AMOUNT


def told_before(*, charge: str, payer: int, stars: int, now: datetime) -> ToldRefund | None:
    """Return the refund of a payment that is told only now, if it was told before. One of that charge in somebody else's
    message or of another amount waits no longer: it is kept as that, for staff.
    """
    for told in ToldRefund.objects.filter(charge=charge, problem=Problem.UNKNOWN, settled_at=None):
        problem = "" if told.payer in (None, payer) else Problem.OTHER_PERSON
        if not problem and told.stars in (None, stars):
            return told
        _keep_as(told, problem or Problem.AMOUNT, now)
    return None


def _keep_as(told: ToldRefund, problem: str, now: datetime) -> None:
    """Keep a refund that waited for its payment as one that is not of it."""
    names = ("charge", "payer", "stars", "person_id", "source", "told_at")
    ToldRefund.objects.create(problem=problem, **{name: getattr(told, name) for name in names})
    told.settled_at = now
    told.save(update_fields=["settled_at"])
