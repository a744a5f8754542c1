"""What a receipt says beyond its event: how many Stars went back, and the points and levels that went with them."""

from collections.abc import Mapping
from typing import Any

from apps.bot.models import Notice
from apps.gamification import selectors as ledger
from apps.payments import selectors as payments


def with_details(row: Notice) -> Mapping[str, Any]:
    """Return the fields of a notice with what can be said by now; of a refund the notice remembers that it tells the points.

    Points are taken back by another subscriber: where that comes later, a notice of its own tells of them.
    """
    fields: dict[str, Any] = row.fields
    if row.kind != Notice.Kind.REFUND or "charge" not in fields:
        return fields
    charge = int(fields["charge"])
    payment, taken = payments.payment_line(charge), ledger.taken_back(row.person_id, charge)
    if taken is not None and "points" not in fields:
        fields |= {name: taken[name] for name in ("points", "old", "new")}
        Notice.objects.filter(pk=row.pk).update(fields=fields)
    return fields | ({"stars": payment.stars} if payment else {})


def is_told(row: Notice) -> bool:
    """Say whether another notice has told this one's points already."""
    if row.kind != Notice.Kind.REFUND_POINTS:
        return False
    same = Notice.objects.filter(person_id=row.person_id, kind=Notice.Kind.REFUND, fields__charge=row.fields["charge"])
    return same.filter(fields__has_key="points").exists()
