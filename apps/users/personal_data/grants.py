"""VIP: what was given stays under the number, for the books; who of the staff gave it is nothing of the person's."""

from datetime import datetime
from typing import Any

from apps.users.models import Grant

PERSONAL: tuple[str, ...] = ()
OTHER = ("users_grant.*",)


def export(person_id: int) -> list[dict[str, Any]]:
    """Return the grants, the oldest first."""
    shown = ("id", "source", "starts_at", "ends_at", "reason", "payment_reference", "revoked_at")
    return list(Grant.objects.filter(person_id=person_id).order_by("pk").values(*shown))


def erase(person_id: int, now: datetime) -> None:
    """Nothing here says who the person is."""
