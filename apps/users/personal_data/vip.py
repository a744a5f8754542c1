"""What is kept of a person's VIP: who was promised what, when and why, which stays under a number when the name is gone."""

from datetime import datetime
from typing import Any

from apps.users.models import Grant, VipOverride, VipStanding

PERSONAL: tuple[str, ...] = ("users_vipstanding.*",)
# Proofs of what was promised and paid for, by whom and why; they name nobody but staff, and the record of it stays too.
OTHER: tuple[str, ...] = ("users_grant.*", "users_vipoverride.*")

_GRANT = ("id", "source", "starts_at", "ends_at", "reason", "payment_reference", "revoked_at")
_OVERRIDE = ("id", "mode", "starts_at", "until", "reason", "ended_at")
_STANDING = ("state", "until", "kept_until", "mode", "mode_until")


def export(person_id: int) -> dict[str, Any]:
    """Return grants and overrides as JSON types, oldest first, and what was told last; not who of the staff it was."""
    return {
        "vip_grants": [_shown(row) for row in Grant.objects.filter(person=person_id).order_by("pk").values(*_GRANT)],
        "vip_overrides": [
            _shown(row) for row in VipOverride.objects.filter(person=person_id).order_by("pk").values(*_OVERRIDE)
        ],
        "vip": [_shown(row) for row in VipStanding.objects.filter(person=person_id).values(*_STANDING)],
    }


def erase(person_id: int, now: datetime) -> None:
    """Forget how the person stands, so that the clock tells nothing of them any more. A second call changes nothing."""
    VipStanding.objects.filter(person=person_id).delete()


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
