"""The tables of points. Their walls (CHECKs, triggers, rights) stand in the migrations, in SQL."""

from apps.gamification.models.abuse import Flag, Hold
from apps.gamification.models.ledger import Account, DayScore, Entry, Progress, Reason
from apps.gamification.models.requests import StaffRequest
from apps.gamification.models.rules import MultiplierVersion, Rule, RulebookRevision, RuleVersion

__all__ = [
    "Account",
    "DayScore",
    "Entry",
    "Flag",
    "Hold",
    "MultiplierVersion",
    "Progress",
    "Reason",
    "Rule",
    "RuleVersion",
    "RulebookRevision",
    "StaffRequest",
]
