"""What is kept of a person's VIP: who was promised what, when and why, which stays under a number when the name is gone."""

from datetime import datetime, timedelta
from typing import Any

from apps.users.models import Grant, VipOverride, VipStanding
from apps.users.promises import promises_of
from apps.users.vip import Span

PERSONAL: tuple[str, ...] = ("users_vipstanding.*",)
# Proofs of what was promised and paid for, by whom and why; they name nobody but staff, and the record of it stays too.
OTHER: tuple[str, ...] = ("users_grant.*", "users_vipoverride.*")

_GRANT = ("id", "source", "starts_at", "ends_at", "duration", "reason", "payment_reference", "revoked_at")
_OVERRIDE = ("id", "mode", "starts_at", "until", "reason", "ended_at")
_STANDING = ("state", "until", "kept_until", "mode", "mode_until")


def export(person_id: int) -> dict[str, Any]:
    """Return grants and overrides as JSON types, oldest first, and what was told last; not who of the staff it was.

    `starts_at` and `ends_at` of a grant are what was told when it was given, `counts_from` and `counts_until` what they
    came to.
    """
    spans = promises_of([person_id])[person_id].spans
    grants = Grant.objects.filter(person=person_id).order_by("pk").values(*_GRANT)
    return {
        "vip_grants": [_shown(row) | _counting(spans[row["id"]]) for row in grants],
        "vip_overrides": [
            _shown(row) for row in VipOverride.objects.filter(person=person_id).order_by("pk").values(*_OVERRIDE)
        ],
        "vip": [_shown(row) for row in VipStanding.objects.filter(person=person_id).values(*_STANDING)],
    }


def erase(person_id: int, now: datetime) -> None:
    """Forget how the person stands, so that the clock tells nothing of them any more. A second call changes nothing."""
    VipStanding.objects.filter(person=person_id).delete()


def _counting(span: Span | None) -> dict[str, Any]:
    return _shown(dict(zip(("counts_from", "counts_until"), span or (None, None), strict=True)))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _as_json(value) for name, value in row.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, timedelta):
        return {"days": value / timedelta(days=1)}
    return value.isoformat() if isinstance(value, datetime) else value
