"""Acts of staff on points and rules: each locks, writes, records who did it and why, and publishes, in one transaction."""

from apps.gamification.services.achievements import (
    Preview,
    add_achievement,
    add_achievement_version,
    check_achievement_version,
    preview_achievement,
    set_achievement_active,
)
from apps.gamification.services.backfill import (
    Backfill,
    backfill_achievements,
)
from apps.gamification.services.days import (
    recompute_day,
    repair_streak,
)
from apps.gamification.services.errors import (
    AlreadyReversed,
    DayNotOver,
    InvalidAchievement,
    InvalidRule,
    InvalidWindow,
    KeyTaken,
    NotGrantable,
    NothingToRepair,
    NotReversible,
    PointsError,
    UnknownAchievement,
    UnknownEntry,
    UnknownRule,
)
from apps.gamification.services.points import (
    award,
    reverse_entry,
)
from apps.gamification.services.rules import (
    add_multiplier_version,
    add_rule_version,
    check_version,
    checked_multipliers,
    set_rule_active,
)
from apps.gamification.services.unlocking import (
    grant_achievement,
    revoke_achievement,
)
from apps.gamification.services.windows import add_event_window

__all__ = [
    "AlreadyReversed",
    "Backfill",
    "DayNotOver",
    "InvalidAchievement",
    "InvalidRule",
    "InvalidWindow",
    "KeyTaken",
    "NotGrantable",
    "NotReversible",
    "NothingToRepair",
    "PointsError",
    "Preview",
    "UnknownAchievement",
    "UnknownEntry",
    "UnknownRule",
    "add_achievement",
    "add_achievement_version",
    "add_event_window",
    "add_multiplier_version",
    "add_rule_version",
    "award",
    "backfill_achievements",
    "check_achievement_version",
    "check_version",
    "checked_multipliers",
    "grant_achievement",
    "preview_achievement",
    "recompute_day",
    "repair_streak",
    "reverse_entry",
    "revoke_achievement",
    "set_achievement_active",
    "set_rule_active",
]
