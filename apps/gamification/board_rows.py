"""Writing what states say to the boards: people's looks, and the scores that are no points. Nothing changed: no statement."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from apps.gamification.decide.boards import ALWAYS, CODES, snapshot
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import moment_of

_LOOKS = """
INSERT INTO gamification_boardperson (account_id, shown, alias, vip_until, archetype)
SELECT * FROM unnest(%s::bigint[], %s::bool[], %s::bool[], %s::timestamptz[], %s::text[]) n (account_id) ORDER BY 1
ON CONFLICT (account_id) DO UPDATE SET
    shown = excluded.shown, alias = excluded.alias, vip_until = excluded.vip_until, archetype = excluded.archetype
"""
_SCORES = """
WITH moved AS (
    INSERT INTO gamification_boardrow (account_id, board, period, score, reached_at, shown, vip_until, archetype)
    SELECT n.account_id, n.board, %s::date, n.score, n.reached_at,
        coalesce(p.shown, true), p.vip_until, coalesce(p.archetype, '')
    FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::timestamptz[]) n (account_id, board, score, reached_at)
    LEFT JOIN gamification_boardperson p ON p.account_id = n.account_id
    ORDER BY 1, 2
    ON CONFLICT (account_id, board, period) DO UPDATE SET score = excluded.score, reached_at = excluded.reached_at
    RETURNING account_id
)
INSERT INTO gamification_boardchange (account_id) SELECT DISTINCT account_id FROM moved
"""


def write(standings: Iterable[Standing]) -> None:
    """Write the looks and scores that decisions changed, with absolute values: one statement for each kind, if any.

    The accounts must be locked. Whoever changes a state outside the award subscriber says so in `moved`.
    """
    changed = [standing for standing in standings if standing.moved or standing.look_changed]
    write_looks([standing for standing in changed if standing.look_changed])
    scores = [(standing, snapshot(standing.state).scores) for standing in changed if standing.moved]
    _execute(
        _SCORES,
        [
            (standing.account, CODES[board], values[board], moment_of(at))
            for standing, values in scores
            for board, at in standing.moved.items()
        ],
        ALWAYS,
    )


def write_looks(standings: Sequence[Standing]) -> None:
    """Write how these people appear; a trigger takes it to all rows of theirs."""
    rows: list[tuple[Any, ...]] = []
    for standing in standings:
        look = snapshot(standing.state).look
        until = moment_of(look.vip_until) if look.vip_until else None
        rows.append((standing.account, look.shown, look.alias, until, look.archetype))
    _execute(_LOOKS, rows)


def _execute(statement: str, rows: Sequence[tuple[Any, ...]], *before: Any) -> None:
    """Hand the rows over as one array for each column."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [*before, *map(list, zip(*rows, strict=True))])
