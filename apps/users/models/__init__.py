"""The tables of people, their VIP grants and the staff's logins. What must hold is a constraint, not a habit."""

from apps.users.models.people import (
    NAME_MAX_LENGTH,
    REASON_MAX_LENGTH,
    USERNAME_MAX_LENGTH,
    Grant,
    GrantQuerySet,
    Person,
    Staff,
    Suspension,
)
from apps.users.models.vip import VipOverride, VipStanding

__all__ = [
    "NAME_MAX_LENGTH",
    "REASON_MAX_LENGTH",
    "USERNAME_MAX_LENGTH",
    "Grant",
    "GrantQuerySet",
    "Person",
    "Staff",
    "Suspension",
    "VipOverride",
    "VipStanding",
]
