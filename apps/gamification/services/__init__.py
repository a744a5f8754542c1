"""Acts of staff on points and rules: each locks, writes, records who did it and why, and publishes, in one transaction."""

from apps.gamification.services.abuse import (
    AlreadyResolved,
    NotOfTheFlag,
    UnknownFlag,
    confirm_flag,
    dismiss_flag,
    paid_in_span,
)
from apps.gamification.services.acting import (
    ACTS,
    StaffAct,
    act_or_ask,
    approve,
    needs_approval,
    preview_act,
    register_act,
)
from apps.gamification.services.detecting import detectors, set_detectors
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

__all__ = [
    "ACTS",
    "AlreadyDecided",
    "AlreadyResolved",
    "AlreadyReversed",
    "InvalidRule",
    "KeyTaken",
    "NotAllowed",
    "NotOfTheFlag",
    "NotReversible",
    "PointsError",
    "SamePerson",
    "StaffAct",
    "UnknownEntry",
    "UnknownFlag",
    "UnknownRequest",
    "UnknownRule",
    "act_or_ask",
    "add_multiplier_version",
    "add_rule_version",
    "approve",
    "award",
    "check_version",
    "checked_multipliers",
    "confirm_flag",
    "detectors",
    "dismiss_flag",
    "expire_requests",
    "needs_approval",
    "paid_in_span",
    "preview_act",
    "refuse",
    "register_act",
    "reverse_entry",
    "set_detectors",
    "set_rule_active",
]
