"""Booking payments: each charge once, with what it gives in the same transaction. Nothing that came in is ever lost:
what cannot be credited is kept for staff, who give it back.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DatabaseError, transaction

from apps.payments.events import DuplicateIgnored, PaymentNotCredited, PaymentSucceeded
from apps.payments.models import PAYLOAD_MAX_LENGTH, Invoice, Kind, Payment, ToldRefund
from apps.payments.selectors import erased_payer_of
from apps.payments.services.checkout import STARS
from apps.payments.services.gifts import add_gift
from apps.payments.services.refunding import note_refunded
from apps.payments.services.shared_charges import own_charge
from apps.payments.services.subscriptions import follow
from apps.payments.services.told_refunds import told_before
from apps.users import selectors as people
from apps.users import services as users
from apps.users.models import Person
from diana import audit
from diana.events import Event, Publication, publish_many

logger = logging.getLogger(__name__)

Problem = Payment.Problem


@dataclass(frozen=True, slots=True)
class Paid:
    """What Telegram tells of a payment. `payer` is the Telegram id; `first` is false for a renewal of a subscription."""

    charge: str
    payer: int
    payload: str
    stars: int
    currency: str
    paid_at: datetime
    recurring: bool = False
    first: bool = True
    subscription_until: datetime | None = None


def take_payment(*, person_id: int, paid: Paid, now: datetime, source: str = Payment.Source.TELEGRAM) -> Payment:
    """Book the payment and give what it bought, in one transaction; publishes payment.succeeded.

    Locks the person. A charge that is known changes nothing and publishes payment.duplicate_ignored, but for a renewal that
    Telegram tells under the charge of another payment of its subscription. A payment that fits
    no bill of the person, in amount and currency, is kept with its problem and gives nothing (payment.not_credited); so is
    one that an error of ours keeps from being credited, and one whose refund was told before it (payment.refunded). How old
    the bill is and how often it was paid does not matter: the money is here. A recurring one is noted at its subscription.
    Raises DatabaseError: then nothing was kept, and it must be told again.
    """
    with transaction.atomic():
        person = _lock(person_id)
        paid = replace(paid, charge=own_charge(paid.charge, paid.payload, paid.subscription_until, paid.recurring))
        known = Payment.objects.filter(charge=paid.charge).first()
        if known is not None:
            publish_many([_about(person, DuplicateIgnored(user_id=person_id, charge=known.pk), now)])
            return known
        invoice = Invoice.objects.filter(payload=paid.payload).select_related("person").first()
        if told := told_before(charge=paid.charge, payer=paid.payer, stars=paid.stars, now=now):
            return _book_refunded(person_id, paid, invoice, told, source, now)
        problem = judge(paid, invoice, person)
        if not problem and invoice is not None and person is not None:
            try:
                with transaction.atomic():
                    return _credit(_insert(person_id, paid, invoice, "", source, now), person, invoice, now)
            except DatabaseError:
                raise
            except Exception:
                logger.exception("a payment could not be credited: it is kept as a problem")
                problem = Problem.FAILED
        payment = _insert(person_id, paid, invoice, problem or Problem.FAILED, source, now)
        event = PaymentNotCredited(user_id=person_id, charge=payment.pk, stars=payment.stars, problem=payment.problem)
        publish_many([_about(person, event, now)])
        return payment


def judge(paid: Paid, invoice: Invoice | None, person: Person | None) -> str:
    """Return why the payment cannot be credited, "" if it can."""
    if person is None or (invoice is not None and invoice.person.status == invoice.person.Status.ERASED):
        return Problem.ERASED
    if invoice is None:
        return Problem.UNKNOWN
    if invoice.person_id != person.pk:
        return Problem.OTHER_PERSON
    if paid.currency != STARS:
        return Problem.CURRENCY
    return "" if paid.stars == invoice.stars else Problem.AMOUNT


def payer_of(*, telegram_id: int, payload: str, now: datetime) -> int:
    """Return our number of whoever has paid a bill, in the caller's transaction: of the erased, who are known by no Telegram
    id any more, that of the bill, so that no new person comes of a payment that is owed back. Locks who is there.
    """
    known = people.person_of(telegram_id)
    erased = None if known is not None else erased_payer_of(payload)
    return erased if erased is not None else users.find_or_add_person(telegram_id=telegram_id, now=now)


def credit_failed(*, payment_id: int, now: datetime) -> bool:
    """Credit a payment that an error of ours had kept from it, once; say whether that was done now. Locks the person.

    Raises what made it fail, PersonGone among it.
    """
    with transaction.atomic():
        payment = Payment.objects.select_related("invoice").get(pk=payment_id)
        person = users.lock_person(payment.person_id)
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        if payment.problem != Problem.FAILED or payment.refund_requested_at or payment.refunded_at:
            return False
        assert payment.invoice is not None, "only what fits a bill can have failed"
        payment.problem, payment.credited_at = "", now
        payment.product = payment.invoice.product
        payment.save(update_fields=["problem", "credited_at", "product"])
        _credit(payment, person, payment.invoice, now)
    return True


def _lock(person_id: int) -> Person | None:
    try:
        return users.lock_person(person_id)
    except users.PersonGone:
        return None


def _book_refunded(
    person_id: int, paid: Paid, invoice: Invoice | None, told: ToldRefund, source: str, now: datetime
) -> Payment:
    """Keep a payment that was given back before it was told: it gives nothing, and nothing is owed."""
    payment = _insert(person_id, paid, invoice, Problem.REFUNDED, source, now)
    note_refunded(payment, _lock(person_id), now)
    return payment


def _insert(person_id: int, paid: Paid, invoice: Invoice | None, problem: str, source: str, now: datetime) -> Payment:
    payment = Payment.objects.create(
        charge=paid.charge,
        person_id=person_id,
        payer=paid.payer,
        invoice=invoice,
        payload=paid.payload[:PAYLOAD_MAX_LENGTH],
        product=invoice.product if invoice and not problem else "",
        stars=paid.stars,
        currency=paid.currency[:10],
        recurring=paid.recurring,
        first=paid.first,
        subscription_until=paid.subscription_until,
        source=source,
        paid_at=paid.paid_at,
        received_at=now,
        problem=problem,
        credited_at=None if problem else now,
    )
    if payment.recurring:
        follow(payment, now)
    return payment


def _credit(payment: Payment, person: Person, invoice: Invoice, now: datetime) -> Payment:
    """Give what the bill promised and tell it."""
    if invoice.paid_at is None:
        Invoice.objects.filter(pk=invoice.pk, paid_at=None).update(paid_at=now)
    if invoice.kind == Kind.GIFT:
        add_gift(payment=payment, days=invoice.days, now=now)
    else:
        payment.vip_grant = _grant(payment, invoice, now)
        payment.save(update_fields=["vip_grant"])
    event = PaymentSucceeded(
        user_id=person.pk,
        charge=payment.pk,
        product=invoice.product,
        stars=payment.stars,
        recurring=payment.recurring,
        first=payment.first,
    )
    publish_many([users.about(person, event, now, f"payment:{payment.pk}")])
    return payment


def _grant(payment: Payment, invoice: Invoice, now: datetime) -> int:
    return users.grant_vip(
        person_id=payment.person_id,
        source="subscription" if invoice.kind == Kind.SUBSCRIPTION else "purchase",
        days=invoice.days,
        reason=f"Payment {payment.pk}: {payment.stars} Stars for {invoice.product}.",
        actor=audit.Actor(None, f"person {payment.person_id}", "bot"),
        now=now,
        payment_reference=f"payment:{payment.pk}",
    ).pk


def _about(person: Person | None, event: Event, now: datetime) -> Publication:
    return users.about(person, event, now) if person else Publication(event=event, occurred_at=now)
