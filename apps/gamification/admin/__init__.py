"""Accounts, the ledger and the rules in the admin; every change goes through a service."""

from apps.gamification.admin.abuse import FlagAdmin
from apps.gamification.admin.achievements import (
    AchievementAdmin,
    AchievementVersionAdmin,
    UnlockAdmin,
)
from apps.gamification.admin.ledger import (
    AccountAdmin,
    EntryAdmin,
)
from apps.gamification.admin.requests import StaffRequestAdmin
from apps.gamification.admin.rules import (
    MultiplierVersionAdmin,
    RuleAdmin,
    RuleVersionAdmin,
)

__all__ = [
    "AccountAdmin",
    "AchievementAdmin",
    "AchievementVersionAdmin",
    "EntryAdmin",
    "FlagAdmin",
    "MultiplierVersionAdmin",
    "RuleAdmin",
    "RuleVersionAdmin",
    "StaffRequestAdmin",
    "UnlockAdmin",
]
