"""Acts of staff on points and rules: each locks, writes, records who did it and why, and publishes, in one transaction."""

from apps.gamification.services import other_acts
from apps.gamification.services.abuse import (
    AlreadyResolved,
    NotOfTheFlag,
    UnknownFlag,
    confirm_flag,
    dismiss_flag,
    paid_in_span,
)
from apps.gamification.services.achievements import (
    Preview,
    add_achievement,
    add_achievement_version,
    check_achievement_version,
    preview_achievement,
    set_achievement_active,
)
from apps.gamification.services.acting import (
    ACTS,
    StaffAct,
    act_or_ask,
    approve,
    preview_act,
    preview_request,
    register_act,
)
from apps.gamification.services.backfill import (
    Backfill,
    backfill_achievements,
)
from apps.gamification.services.days import (
    recompute_day,
    repair_streak,
)
from apps.gamification.services.detecting import (
    detectors,
    set_detectors,
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
from apps.gamification.services.referrals import reverse_referrals
from apps.gamification.services.refunds import reverse_payment
from apps.gamification.services.requests import (
    AlreadyDecided,
    NotAllowed,
    SamePerson,
    UnknownRequest,
    expire_requests,
    refuse,
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
    "ACTS",
    "AlreadyDecided",
    "AlreadyResolved",
    "AlreadyReversed",
    "Backfill",
    "DayNotOver",
    "InvalidAchievement",
    "InvalidRule",
    "InvalidWindow",
    "KeyTaken",
    "NotAllowed",
    "NotGrantable",
    "NotOfTheFlag",
    "NotReversible",
    "NothingToRepair",
    "PointsError",
    "Preview",
    "SamePerson",
    "StaffAct",
    "UnknownAchievement",
    "UnknownEntry",
    "UnknownFlag",
    "UnknownRequest",
    "UnknownRule",
    "act_or_ask",
    "add_achievement",
    "add_achievement_version",
    "add_event_window",
    "add_multiplier_version",
    "add_rule_version",
    "approve",
    "award",
    "backfill_achievements",
    "check_achievement_version",
    "check_version",
    "checked_multipliers",
    "confirm_flag",
    "detectors",
    "dismiss_flag",
    "expire_requests",
    "grant_achievement",
    "other_acts",
    "paid_in_span",
    "preview_achievement",
    "preview_act",
    "preview_request",
    "recompute_day",
    "refuse",
    "register_act",
    "repair_streak",
    "reverse_entry",
    "reverse_payment",
    "reverse_referrals",
    "revoke_achievement",
    "set_achievement_active",
    "set_detectors",
    "set_rule_active",
]
