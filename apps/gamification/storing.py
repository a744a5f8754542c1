"""Writing decisions down, in a fixed number of statements: entries, states, events. The trigger moves the accounts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from django.db import connection

from apps.gamification import board_rows, events, holds, unlocks
from apps.gamification.decide.entries import Draft, Standing
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.outcomes import (
    AchievementProgressed,
    AchievementUnlocked,
    Awarded,
    Flagged,
    LevelRaised,
    Outcome,
    StreakBroken,
    StreakExtended,
    StreakFrozen,
    Suppressed,
)
from apps.gamification.decide.state import encode
from apps.gamification.loading import array_text
from diana.bulk import copy_rows
from diana.events import Envelope, Event, Publication, publish_many

ENTRY_COLUMNS = {
    "id": "int8",
    "account_id": "int8",
    "sequence": "int8",
    "amount": "int8",
    "balance_after": "int8",
    "lifetime_after": "int8",
    "kind": "text",
    "rule": "text",
    "rule_version": "int4",
    "base": "int8",
    "multipliers": "text",
    "note": "text",
    "event_id": "uuid",
    "idempotency_key": "text",
    "reverses": "int8",
    "actor": "text",
    "reason_hash": "bytea",
    # in binary a time is the microseconds since 2000: no datetime needs to be built for it
    "occurred_at": "int8",
    "previous_hash": "bytea",
    "hash": "bytea",
}

YEAR_2000 = microseconds(datetime(2000, 1, 1, tzinfo=UTC))

_IDS = "SELECT nextval('gamification_entry_id_seq') FROM generate_series(1, %s)"
# The documents travel as one text, a line each: quoting an array of them takes longer than all decisions.
_SAVE = """
UPDATE gamification_progress p SET document = s.document::json
FROM unnest(%s::bigint[], string_to_array(%s, chr(10))) s (account_id, document) WHERE p.account_id = s.account_id
"""


def store(standings: Iterable[Standing], decided: Sequence[tuple[Envelope, Sequence[Outcome]]]) -> None:
    """Write entries, states and outcome events of a batch. The accounts must be locked."""
    standings = list(standings)
    outcomes = list(chain.from_iterable(of_one for _, of_one in decided))
    ids = iter(write_entries([o.entry for o in outcomes if isinstance(o, Awarded | Suppressed) and o.entry]))
    save_states(standings)
    board_rows.write(standings)
    unlocked = iter(unlocks.write(decided))
    holds.write(decided)
    publish_many(
        [
            Publication(
                event=_event(outcome, envelope.user_id, ids),
                cause=envelope,
                event_id=next(unlocked) if isinstance(outcome, AchievementUnlocked) else None,
            )
            for envelope, of_one in decided
            for outcome in of_one
            if type(outcome) in _EVENTS
        ]
    )


def write_entries(drafts: Sequence[Draft]) -> list[int]:
    """Append the entries and return their ids, in order; the database refuses what does not continue the chains."""
    if not drafts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [len(drafts)])
        ids = [row[0] for row in cursor.fetchall()]
    copy_rows("gamification_entry", ENTRY_COLUMNS, [_row(i, draft) for i, draft in zip(ids, drafts, strict=True)])
    return ids


def _row(entry_id: int, draft: Draft) -> tuple[object, ...]:
    return (entry_id, *draft[:16], draft.occurred_at - YEAR_2000, *draft[17:])


def save_states(standings: Iterable[Standing]) -> None:
    """Write the documents back."""
    rows = [(standing.account, encode(standing.state)) for standing in standings]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(
                _SAVE, [array_text(account for account, _ in rows), "\n".join(document for _, document in rows)]
            )


def _event(outcome: Outcome, person: int | None, ids: Iterator[int]) -> Event:
    """Return the event of an outcome; takes the next id if it has an entry."""
    entry = next(ids) if isinstance(outcome, Awarded | Suppressed) and outcome.entry else 0
    return _EVENTS[type(outcome)](outcome, person, entry)


def _awarded(outcome: Awarded, person: int | None, entry: int) -> Event:
    draft = outcome.entry
    return events.PointsAwarded(
        user_id=person,
        entry=entry,
        amount=draft.amount,
        balance=draft.balance_after,
        rule=draft.rule,
        rule_version=draft.rule_version,
    )


def _suppressed(outcome: Suppressed, person: int | None, entry: int) -> Event:
    return events.PointsSuppressed(user_id=person, rule=outcome.rule, base=outcome.base, reason=outcome.reason)


def _raised(outcome: LevelRaised, person: int | None, entry: int) -> Event:
    return events.LevelUp(user_id=person, old=outcome.old, new=outcome.new)


def _extended(outcome: StreakExtended, person: int | None, entry: int) -> Event:
    return events.StreakExtended(user_id=person, days=outcome.days, since=outcome.since.isoformat())


def _frozen(outcome: StreakFrozen, person: int | None, entry: int) -> Event:
    return events.StreakFrozen(user_id=person, local_date=outcome.on.isoformat())


def _broken(outcome: StreakBroken, person: int | None, entry: int) -> Event:
    return events.StreakBroken(user_id=person, days=outcome.days)


def _unlocked(outcome: AchievementUnlocked, person: int | None, entry: int) -> Event:
    return events.AchievementUnlocked(
        user_id=person, achievement=outcome.achievement, tier=outcome.tier, period=outcome.period
    )


def _progressed(outcome: AchievementProgressed, person: int | None, entry: int) -> Event:
    return events.AchievementProgressed(
        user_id=person, achievement=outcome.achievement, value=outcome.value, target=outcome.target
    )


def _flagged(outcome: Flagged, person: int | None, entry: int) -> Event:
    return events.AbuseFlagged(user_id=person, detector=outcome.detector, score=outcome.score)


# What each outcome is told as; of the others nothing is told.
_EVENTS: dict[type[Outcome], Callable[[Any, int | None, int], Event]] = {
    Awarded: _awarded,
    Suppressed: _suppressed,
    LevelRaised: _raised,
    StreakExtended: _extended,
    StreakFrozen: _frozen,
    StreakBroken: _broken,
    AchievementUnlocked: _unlocked,
    AchievementProgressed: _progressed,
    Flagged: _flagged,
}
