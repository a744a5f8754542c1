"""Acts of staff on points and rules: each locks, writes, records who did it and why, and publishes, in one transaction."""

from apps.gamification.services.errors import (
    AlreadyReversed,
    InvalidRule,
    KeyTaken,
    NotReversible,
    PointsError,
    UnknownEntry,
    UnknownRule,
)
from apps.gamification.services.points import award, reverse_entry
from apps.gamification.services.rules import (
    add_multiplier_version,
    add_rule_version,
    check_version,
    checked_multipliers,
    set_rule_active,
)

__all__ = [
    "AlreadyReversed",
    "InvalidRule",
    "KeyTaken",
    "NotReversible",
    "PointsError",
    "UnknownEntry",
    "UnknownRule",
    "add_multiplier_version",
    "add_rule_version",
    "award",
    "check_version",
    "checked_multipliers",
    "reverse_entry",
    "set_rule_active",
]
