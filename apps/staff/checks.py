"""Limits of what staff give, as Django system checks."""

from typing import Any

from django.conf import settings
from django.core import checks

LIMITS = (
    "STAFF_APPROVAL_ABOVE",
    "STAFF_POINTS_PER_PERSON",
    "STAFF_POINTS_IN_ALL",
    "STAFF_VIP_DAYS_PER_PERSON",
    "STAFF_STARS_REFUNDED",
)


def register_checks() -> None:
    """Register the check; it runs at every start through manage.py and in the release step."""
    checks.register(check_limits, "staff")


def check_limits(**_: Any) -> list[checks.CheckMessage]:
    """Report limits below 0, and a limit in all that lies below the one for one person."""
    found: list[checks.CheckMessage] = [
        checks.Error(
            f"{name} is negative.",
            hint=f"Set {name} to what one member of staff may give alone; with 0 everything needs a second person.",
            id="staff.E001",
        )
        for name in LIMITS
        if getattr(settings, name) < 0
    ]
    if settings.STAFF_POINTS_IN_ALL < settings.STAFF_POINTS_PER_PERSON:
        hint = "Set STAFF_POINTS_IN_ALL to STAFF_POINTS_PER_PERSON at least: otherwise that limit is never reached."
        found.append(checks.Error("STAFF_POINTS_IN_ALL is below STAFF_POINTS_PER_PERSON.", hint=hint, id="staff.E002"))
    return found
