"""Writing down what detectors noticed and what is held: two statements for a batch, none if there is nothing."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from django.db import connection

from apps.gamification.decide.facts import moment_of
from apps.gamification.decide.outcomes import Held, Noticed, Outcome
from diana.events import Envelope

# A flag about which staff decided a moment ago is open again: this act came before the account heard of the decision.
_FLAGS = """
INSERT INTO gamification_flag (id, account_id, detector, score, acts, since, last_at, last_position)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::int[], %s::timestamptz[],
    %s::timestamptz[], %s::bigint[])
ON CONFLICT (id) DO UPDATE SET score = greatest(gamification_flag.score, excluded.score),
    acts = gamification_flag.acts + excluded.acts, since = least(gamification_flag.since, excluded.since),
    last_at = greatest(gamification_flag.last_at, excluded.last_at), last_position = excluded.last_position,
    status = 'open', resolved_at = NULL, resolved_by = NULL, resolved_key = NULL
"""
_HOLDS = """
INSERT INTO gamification_hold
    (flag_id, account_id, position, event_id, rule, rule_version, base, multipliers, occurred_at)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::uuid[], %s::text[], %s::int[], %s::bigint[],
    %s::text[], %s::timestamptz[])
ON CONFLICT (event_id, rule) DO NOTHING
"""


def write(decided: Sequence[tuple[Envelope, Sequence[Outcome]]]) -> None:
    """Write flags and holds of a batch. The accounts must be locked."""
    if not any(isinstance(outcome, Noticed | Held) for outcome in chain.from_iterable(of for _, of in decided)):
        return
    flags: dict[int, list[Any]] = {}
    held: list[tuple[Any, ...]] = []
    for envelope, outcomes in decided:
        for outcome in outcomes:
            if isinstance(outcome, Noticed):
                _notice(flags, envelope, outcome)
            elif isinstance(outcome, Held):
                held.append(_hold(envelope, outcome))
    _insert(_FLAGS, flags.values())
    _insert(_HOLDS, held)


def _notice(flags: dict[int, list[Any]], envelope: Envelope, noticed: Noticed) -> None:
    """Add one act to its flag's row."""
    at, since = envelope.occurred_at, moment_of(noticed.since)
    row = flags.setdefault(
        noticed.flag, [noticed.flag, envelope.user_id, noticed.detector, noticed.score, 0, since, at, 0]
    )
    row[3] = max(row[3], noticed.score)
    row[4] += 1
    row[5], row[6], row[7] = min(row[5], since), max(row[6], at), envelope.position


def _hold(envelope: Envelope, held: Held) -> tuple[Any, ...]:
    act = (envelope.user_id, envelope.position, envelope.event_id)
    return (held.flag, *act, held.rule, held.rule_version, held.base, held.multipliers, envelope.occurred_at)


def _insert(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        with connection.cursor() as cursor:
            cursor.execute(statement, columns)
