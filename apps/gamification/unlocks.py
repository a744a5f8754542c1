"""Writing unlocks down: one statement for a batch, none if there are none."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from apps.gamification.decide.outcomes import AchievementUnlocked, Outcome
from diana import metrics
from diana.bulk import copy_rows, insert_row
from diana.events import Envelope
from diana.events.identifiers import uuid7

COLUMNS = {
    "account_id": "int8",
    "achievement_id": "varchar",
    "version": "int4",
    "tier": "text",
    "period": "text",
    "event_id": "uuid",
    "unlocked_at": "timestamptz",
    "quiet": "bool",
    "audit": "int8",
}


class Row(NamedTuple):
    """An unlock, in the order of the columns; `event_id` is that of the event that tells of it."""

    account_id: int
    achievement_id: str
    version: int
    tier: str
    period: str
    event_id: UUID
    unlocked_at: datetime
    quiet: bool = False
    audit: int | None = None


def write(decided: Iterable[tuple[Envelope, Sequence[Outcome]]]) -> list[UUID]:
    """Write the unlocks among the outcomes; return the ids that the events about them must have, in order."""
    rows = [
        Row(
            envelope.user_id or 0,
            outcome.achievement,
            outcome.version,
            outcome.tier,
            outcome.period,
            uuid7(),
            envelope.occurred_at,
        )
        for envelope, outcomes in decided
        for outcome in outcomes
        if isinstance(outcome, AchievementUnlocked)
    ]
    write_rows(rows)
    return [row.event_id for row in rows]


def write_rows(rows: Sequence[Row]) -> None:
    """Append the unlocks; the database refuses what was unlocked before."""
    if not rows:
        return
    copy_rows("gamification_unlock", COLUMNS, rows)
    tiers = Counter(row.tier for row in rows)
    transaction.on_commit(lambda: metrics.unlocked(tiers))


def write_grant(row: Row, *, granted_by: str, key: str) -> None:
    """Append an unlock that staff gave, under the key of the act; `row.audit` is its record."""
    insert_row("gamification_unlock", COLUMNS | {"granted_by": "text", "grant_key": "text"}, (*row, granted_by, key))
    transaction.on_commit(lambda: metrics.unlocked({row.tier: 1}))
