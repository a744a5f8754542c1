"""The tables of points. Their walls (CHECKs, triggers, rights) stand in the migrations, in SQL."""

from apps.gamification.models.ledger import Account, DayScore, Entry, Progress, Reason
from apps.gamification.models.proof import Checkpoint, Verification
from apps.gamification.models.rules import MultiplierVersion, Rule, RulebookRevision, RuleVersion

__all__ = [
    "Account",
    "Checkpoint",
    "DayScore",
    "Entry",
    "MultiplierVersion",
    "Progress",
    "Reason",
    "Rule",
    "RuleVersion",
    "RulebookRevision",
    "Verification",
]
