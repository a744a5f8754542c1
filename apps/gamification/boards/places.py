"""Reading boards: lists come from PostgreSQL, exact; ranks behind the first hundred from the cache, or slowly without it.

Ties share a rank (1-2-2-4); among equals who was there earlier stands first.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.gamification.boards import cache
from apps.gamification.boards.queries import fetch
from apps.gamification.boards.scope import Scope, Segment, end_of, scope_of
from apps.gamification.decide.boards import PERIODIC, Board

# Ranks up to here are counted in PostgreSQL.
EXACT = 100
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a board; `alias`: the person wants to be shown by one."""

    rank: int
    person_id: int
    points: int
    alias: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How a person appears on boards: whether at all, by an alias, of which archetype ("" for none)."""

    shown: bool = True
    alias: bool = False
    archetype: str = ""


Row = tuple[int, int]


def top(
    board: Board,
    limit: int,
    now: datetime,
    *,
    segment: Segment = "everyone",
    person_id: int | None = None,
    after: int = 0,
) -> list[Place]:
    """Return the first places of the period that `now` lies in, or those after the first `after`; two queries.

    The segment `archetype` is that of `person_id`, and empty for those without one (a query more). The places before are
    read, too: nobody looks far down from the top.
    """
    scope = _scope(board, now, segment, person_id)
    return top_of(scope, after + limit, now)[after:] if scope else []


def ends_at(board: Board, now: datetime) -> datetime | None:
    """Return when the board's period ends that `now` lies in; None for a board without periods."""
    return end_of(board, scope_of(board, now).period) if board in PERIODIC else None


def rank_of(person_id: int, board: Board, now: datetime, *, segment: Segment = "everyone") -> int | None:
    """Return the person's rank; None for who has no points there, does not show, or is not of the segment.

    Two queries, and behind the first hundred one call to the cache; or, if that does not answer, a third query that
    counts. Not for use inside a transaction.
    """
    scope = _scope(board, now, segment, person_id)
    own = _own(scope, person_id, now) if scope else None
    if scope is None or own is None:
        return None
    return _ranks(scope, {own[0]}, now)[own[0]]


def around(person_id: int, board: Board, now: datetime, *, segment: Segment = "everyone") -> list[Place]:
    """Return the person's place with up to five above and five below it; empty where rank_of() gives None."""
    scope = _scope(board, now, segment, person_id)
    own = _own(scope, person_id, now) if scope else None
    if scope is None or own is None:
        return []
    rows = _neighbours(scope, person_id, *own, now)
    ranks = _ranks(scope, {score for _, score in rows}, now)
    return _placed((ranks[score], account, score) for account, score in rows)


def look(person_id: int) -> Look:
    """Return how the person appears on boards; one query."""
    rows = fetch("SELECT shown, alias, archetype FROM gamification_boardperson WHERE account_id = %s", [person_id])
    return Look(*rows[0]) if rows else Look()


def top_of(scope: Scope, limit: int, now: datetime) -> list[Place]:
    """Return the first places of a scope, also of a period that is over."""
    condition, values = scope.condition(now)
    rows: Sequence[Row] = fetch(
        f"SELECT account_id, score FROM gamification_boardrow WHERE {condition}"
        " ORDER BY score DESC, reached_at, account_id LIMIT %s",
        [*values, limit],
    )
    places: list[tuple[int, int, int]] = []
    for position, (account, score) in enumerate(rows, start=1):
        tied = places and places[-1][2] == score
        places.append((places[-1][0] if tied else position, account, score))
    return _placed(places)


def ranked(scope: Scope, now: datetime) -> int:
    """Return how many have a rank; counts them all."""
    condition, values = scope.condition(now)
    return int(fetch(f"SELECT count(*) FROM gamification_boardrow WHERE {condition}", values)[0][0])


def _scope(board: Board, now: datetime, segment: Segment, person_id: int | None) -> Scope | None:
    """Return the scope that is meant; None for the archetype of somebody who has none."""
    if segment != "archetype":
        return scope_of(board, now, segment)
    archetype = look(person_id).archetype if person_id is not None else ""
    return scope_of(board, now, archetype) if archetype else None


def _own(scope: Scope, person_id: int, now: datetime) -> tuple[int, datetime] | None:
    """Return the person's score and since when, if they have a place."""
    condition, values = scope.condition(now)
    rows = fetch(
        f"SELECT score, reached_at FROM gamification_boardrow WHERE account_id = %s AND {condition}",
        [person_id, *values],
    )
    return rows[0] if rows else None


def _neighbours(scope: Scope, person_id: int, score: int, reached_at: datetime, now: datetime) -> list[Row]:
    """Return account and score of those above, the person, those below: four short walks along the index."""
    condition, values = scope.condition(now)

    def part(where: str, order: str) -> str:
        return (
            f"(SELECT account_id, score, reached_at FROM gamification_boardrow WHERE {condition} AND {where}"
            f" ORDER BY {order} LIMIT {NEIGHBOURS})"
        )

    up, down = "score, reached_at DESC, account_id DESC", "score DESC, reached_at, account_id"
    same = [score, reached_at, person_id]
    above = fetch(
        f"SELECT account_id, score FROM ({part('score = %s AND (reached_at, account_id) < (%s, %s)', up)}"
        f" UNION ALL {part('score > %s', up)}) n ORDER BY {up} LIMIT {NEIGHBOURS}",
        [*values, *same, *values, score],
    )
    below = fetch(
        f"SELECT account_id, score FROM ({part('score = %s AND (reached_at, account_id) > (%s, %s)', down)}"
        f" UNION ALL {part('score < %s', down)}) n ORDER BY {down} LIMIT {NEIGHBOURS}",
        [*values, *same, *values, score],
    )
    return [*reversed(above), (person_id, score), *below]


def _ranks(scope: Scope, scores: set[int], now: datetime) -> dict[int, int]:
    """Return the rank of each score."""
    condition, values = scope.condition(now)
    first = fetch(
        f"SELECT score FROM gamification_boardrow WHERE {condition} ORDER BY score DESC LIMIT %s", [*values, EXACT]
    )
    heads = [-score for (score,) in first]
    # Whoever has no fewer points than the last of the hundred has all who are above among them.
    ranks = {s: bisect_left(heads, -s) + 1 for s in scores if len(heads) < EXACT or -s <= heads[-1]}
    if rest := sorted(scores - set(ranks)):
        ranks |= cache.ranks(scope, rest) or _counted(scope, rest, now)
    return ranks


def _counted(scope: Scope, scores: Sequence[int], now: datetime) -> dict[int, int]:
    """Count in PostgreSQL who is above each of the ascending scores: right, and slow on a large board."""
    condition, values = scope.condition(now)
    (above,) = fetch(
        f"SELECT count(*) FROM gamification_boardrow WHERE {condition} AND score > %s", [*values, scores[-1]]
    )
    ties = dict(
        fetch(
            f"SELECT score, count(*) FROM gamification_boardrow WHERE {condition} AND score > %s AND score <= %s"
            " GROUP BY score",
            [*values, scores[0], scores[-1]],
        )
        if len(scores) > 1
        else []
    )
    return {s: above[0] + sum(count for score, count in ties.items() if score > s) + 1 for s in scores}


def _placed(found: Iterable[tuple[int, int, int]]) -> list[Place]:
    """Make places of rank, account and score, and see who wants an alias."""
    rows = list(found)
    aliases = fetch(
        "SELECT account_id FROM gamification_boardperson WHERE alias AND account_id = ANY(%s)",
        [[account for _, account, _ in rows]],
    )
    by_alias = {account for (account,) in aliases}
    return [Place(rank, account, score, account in by_alias) for rank, account, score in rows]
