"""What a receipt says beyond its event: how many Stars went back, and the points and levels that went with them."""

from collections.abc import Mapping
from typing import Any

from apps.bot.models import Notice
from apps.gamification import selectors as ledger
from apps.payments import selectors as payments


def with_details(row: Notice) -> Mapping[str, Any]:
    """Return the fields of a notice with what can be said by now; that a refund's tells the points is noted.

    Points are taken back by another subscriber: where that comes later, a notice of its own tells of them.
    """
    fields: dict[str, Any] = row.fields
    if row.kind != Notice.Kind.REFUND or "charge" not in fields:
        return fields
    charge = int(fields["charge"])
    payment, taken = payments.payment_line(charge), ledger.taken_back(row.person_id, charge)
    if taken is not None:
        Notice.objects.filter(pk=row.pk).update(tells_points=True)
    return fields | dict(taken or {}) | ({"stars": payment.stars} if payment else {})


def is_told(row: Notice) -> bool:
    """Say whether another notice tells this one's points."""
    if row.kind != Notice.Kind.REFUND_POINTS:
        return False
    refunds = Notice.objects.filter(person_id=row.person_id, kind=Notice.Kind.REFUND, tells_points=True)
    return refunds.filter(fields__charge=row.fields["charge"]).exists()
