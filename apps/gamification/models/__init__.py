"""The tables of points. Their walls (CHECKs, triggers, rights) stand in the migrations, in SQL."""

from apps.gamification.models.achievements import Achievement, AchievementVersion, Unlock
from apps.gamification.models.ledger import Account, DayScore, Entry, Progress, Reason
from apps.gamification.models.rules import MultiplierVersion, Rule, RulebookRevision, RuleVersion

__all__ = [
    "Account",
    "Achievement",
    "AchievementVersion",
    "DayScore",
    "Entry",
    "MultiplierVersion",
    "Progress",
    "Reason",
    "Rule",
    "RuleVersion",
    "RulebookRevision",
    "Unlock",
]
