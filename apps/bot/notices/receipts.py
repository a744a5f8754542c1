"""What a receipt says beyond its event: what was bought, or how many Stars, points and levels went back with a refund."""

from collections.abc import Mapping
from typing import Any

from apps.bot.models import Notice
from apps.gamification import selectors as ledger
from apps.payments import selectors as payments
from diana import clock


def with_details(row: Notice) -> Mapping[str, Any]:
    """Return the fields of a notice with what can be said by now."""
    fields: dict[str, Any] = row.fields
    if "charge" in fields:
        match row.kind:
            case Notice.Kind.PAYMENT:
                return fields | _purchase(row.person_id, int(fields["charge"]))
            case Notice.Kind.REFUND:
                return fields | _refund(row, int(fields["charge"]))
            case Notice.Kind.REFUND_DECLINED:
                return fields | _declined(int(fields["charge"]))
    return fields


def is_told(row: Notice) -> bool:
    """Say whether something else tells of it: a gift's code comes with the receipt of its payment, and what a code gave
    with the answer to whoever redeemed it; another notice tells this one's points.
    """
    match row.kind:
        case Notice.Kind.PAYMENT:
            return "charge" in row.fields and payments.is_gift(int(row.fields["charge"]))
        case Notice.Kind.VIP_GRANTED:
            return "grant" in row.fields and payments.is_of_gift(row.person_id, int(row.fields["grant"]))
        case Notice.Kind.REFUND_POINTS:
            refunds = Notice.objects.filter(person_id=row.person_id, kind=Notice.Kind.REFUND, tells_points=True)
            return refunds.filter(fields__charge=row.fields["charge"]).exists()
    return False


def _purchase(person_id: int, charge: int) -> dict[str, Any]:
    """Return what was bought, and until when a subscription is paid for."""
    payment = payments.payment_line(charge, clock.now())
    if payment is None or not payment.kind:
        return {}
    found = payments.running(person_id, clock.now()) if payment.kind == "subscription" else None
    renews = found.until.isoformat() if found is not None and found.renews else None
    return {"plan": payment.kind, "days": payment.days, "first": payment.first, "renews": renews}


def _refund(row: Notice, charge: int) -> dict[str, Any]:
    """Return what went back; that the notice tells the points is noted.

    Points are taken back by another subscriber: where that comes later, a notice of its own tells of them.
    """
    payment, taken = payments.payment_line(charge, clock.now()), ledger.taken_back(row.person_id, charge)
    if taken is not None:
        Notice.objects.filter(pk=row.pk).update(tells_points=True)
    return dict(taken or {}) | _bought(payment)


def _declined(charge: int) -> dict[str, Any]:
    """Return what was asked back, and what staff answered."""
    payment = payments.payment_line(charge, clock.now())
    return _bought(payment) | {"answer": payment.answer if payment else ""}


def _bought(payment: payments.PaymentLine | None) -> dict[str, Any]:
    return {"stars": payment.stars, "plan": payment.kind, "days": payment.days} if payment else {}
