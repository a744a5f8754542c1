"""Suspensions and departures: times under the number, which stay."""

from datetime import datetime
from typing import Any

from apps.users.models import Departure, Suspension

PERSONAL: tuple[str, ...] = ()
OTHER = ("users_suspension.*", "users_departure.*")


def export(person_id: int) -> dict[str, Any]:
    """Return both, the oldest first; not who of the staff it was."""
    suspensions = Suspension.objects.filter(person_id=person_id).order_by("pk")
    departures = Departure.objects.filter(person_id=person_id).order_by("pk")
    return {
        "suspensions": list(suspensions.values("starts_at", "ends_at", "ended_at")),
        "departures": list(departures.values("left_at", "erase_at", "ended_at", "outcome")),
    }


def erase(person_id: int, now: datetime) -> None:
    """Nothing here says who the person is."""
