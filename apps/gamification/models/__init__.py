"""The tables of points. Their walls (CHECKs, triggers, rights) stand in the migrations, in SQL."""

from apps.gamification.models.abuse import (
    Flag,
    Hold,
)
from apps.gamification.models.achievements import (
    Achievement,
    AchievementVersion,
    Unlock,
)
from apps.gamification.models.boards import (
    BoardChange,
    BoardPerson,
    BoardRow,
)
from apps.gamification.models.ledger import (
    Account,
    Entry,
    Progress,
    Reason,
)
from apps.gamification.models.proof import (
    AuditCheckpoint,
    Checkpoint,
    Verification,
)
from apps.gamification.models.requests import StaffRequest
from apps.gamification.models.rules import (
    MultiplierVersion,
    Rule,
    RulebookRevision,
    RuleVersion,
)

__all__ = [
    "Account",
    "Achievement",
    "AchievementVersion",
    "AuditCheckpoint",
    "BoardChange",
    "BoardPerson",
    "BoardRow",
    "Checkpoint",
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
    "Unlock",
    "Verification",
]
