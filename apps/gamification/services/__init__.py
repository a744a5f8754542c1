"""Acts of staff on points and rules: each locks, writes, records who did it and why, and publishes, in one transaction."""

from apps.gamification.services.days import recompute_day, repair_streak
from apps.gamification.services.errors import (
    AlreadyReversed,
    DayNotOver,
    InvalidRule,
    InvalidWindow,
    KeyTaken,
    NothingToRepair,
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
from apps.gamification.services.windows import add_event_window

__all__ = [
    "AlreadyReversed",
    "DayNotOver",
    "InvalidRule",
    "InvalidWindow",
    "KeyTaken",
    "NotReversible",
    "NothingToRepair",
    "PointsError",
    "UnknownEntry",
    "UnknownRule",
    "add_event_window",
    "add_multiplier_version",
    "add_rule_version",
    "award",
    "check_version",
    "checked_multipliers",
    "recompute_day",
    "repair_streak",
    "reverse_entry",
    "set_rule_active",
]
