"""Making good what Telegram's list and our payments do not agree about, as far as that is safe."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.payments.comparing import Differences, Known, Transaction, compare
from apps.payments.models import Invoice, Payment
from apps.payments.services.booking import Paid, credit_failed, payer_of, take_payment
from apps.payments.services.checkout import STARS
from apps.payments.services.refunding import confirm_refund
from apps.payments.services.shared_charges import OWN, without_told
from apps.payments.services.subscriptions import is_renewal
from apps.payments.services.told_refunds import take_refund

logger = logging.getLogger(__name__)

# What Telegram has told its own list may not have reached us yet.
ON_THEIR_WAY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and how many of it were made good; `left` are the differences that somebody must look at.
    `commission`: so many of the Stars that people paid went to affiliates.
    """

    transactions: int
    found: Differences
    repaired: int
    left: int
    commission: int = 0

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind of difference."""
        return {name: len(values) for name, values in vars(self.found).items()}


def reconcile(
    *,
    transactions: Sequence[Transaction],
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> Report:
    """Compare all of Telegram's transactions with the payments here, and repair: book what is missing, end what was
    refunded, credit what had failed. Each in a transaction of its own; a second call finds them in order.

    Refunds of payments that nobody has told yet are kept, so that those are not credited, here or when they are told. What
    was missing and fits no bill is kept as a problem, and left. A dry run changes nothing.
    """
    listed = len(transactions)
    transactions = without_told(transactions)
    found = compare(transactions, _known(now - ON_THEIR_WAY), before=now - ON_THEIR_WAY)
    repaired = 0
    if not dry_run:
        for line in transactions:
            if line.refund:
                _try(lambda line=line: _keep_refund(line, now))  # type: ignore[misc]
        acts: list[Callable[[], bool]] = []
        acts += [lambda line=line: _book(line, now) for line in found.missing]  # type: ignore[misc]
        acts += [lambda id=id: confirm_refund(payment_id=id, now=now) for id in found.not_refunded]  # type: ignore[misc]
        acts += [lambda id=id: credit_failed(payment_id=id, now=now) for id in found.failed]  # type: ignore[misc]
        for number, act in enumerate(acts, 1):
            repaired += _try(act)
            progress(f"{number} of {len(acts)} repairs")
    differences = sum(len(values) for values in vars(found).values())
    commission = sum(line.commission for line in transactions if not line.refund)
    return Report(listed, found, repaired, differences - repaired, commission)


def _known(before: datetime) -> dict[str, Known]:
    fields = ("charge", "pk", "stars", "refunded_at", "refund_requested_at", "problem", "received_at")
    return {
        charge: Known(
            pk,
            stars,
            refunded is not None,
            requested is not None,
            problem,
            recent=max(filter(None, (refunded, requested, received))) > before,
        )
        for charge, pk, stars, refunded, requested, problem, received in Payment.objects.exclude(
            charge__contains=OWN
        ).values_list(*fields)
    }


def _try(act: Callable[[], bool]) -> bool:
    """Repair one; what fails is left for people, and the others go on."""
    try:
        return act()
    except Exception:
        logger.exception("a difference could not be repaired")
        return False


def _keep_refund(line: Transaction, now: datetime) -> bool:
    """Keep a refund whose payment is not known yet."""
    if Payment.objects.filter(charge=line.charge).exists():
        return False
    stars = None if line.commission else line.stars
    told = {"charge": line.charge, "payer": line.telegram_id, "stars": stars}
    return take_refund(**told, now=now, source=Payment.Source.RECONCILED)  # type: ignore[arg-type]


def _book(line: Transaction, now: datetime) -> bool:
    """Book a payment that we were never told of; say whether nothing is left to do about it."""
    with transaction.atomic():
        person_id = payer_of(telegram_id=line.telegram_id, payload=line.payload, now=now)
        first = not (line.recurring and is_renewal(payer=line.telegram_id, payload=line.payload, at=line.at))
        paid = Paid(
            charge=line.charge,
            payer=line.telegram_id,
            payload=line.payload,
            stars=_paid(line),
            currency=STARS,
            paid_at=line.at,
            recurring=line.recurring,
            first=first,
        )
        payment = take_payment(person_id=person_id, paid=paid, now=now, source=Payment.Source.RECONCILED)
    return payment.credited_at is not None or payment.refunded_at is not None


def _paid(line: Transaction) -> int:
    """Return how many Stars the person paid: what the bill asks for, if that can be."""
    bill = Invoice.objects.filter(payload=line.payload, stars__in=line.possible_stars).first()
    return line.stars if bill is None else bill.stars
