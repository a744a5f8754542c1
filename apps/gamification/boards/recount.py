"""Counting boards anew: rows against the ledger and the states, the cache against the rows; and putting the rows right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.gamification import board_rows, loading
from apps.gamification.boards import cache, refreshing
from apps.gamification.boards.queries import fetch
from apps.gamification.boards.scope import KEPT_DAYS, Scope, current_scopes
from apps.gamification.decide.boards import ALWAYS, BOARDS, CODES, Board, snapshot
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.state import decode

MOST_NAMED = 1_000
ACCOUNTS_AT_ONCE = 500
OF_POINTS = (1, 2, 3, 4)
NAMES = {code: board for board, code in CODES.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where something derived is not what it must be. `place` is rows, people or cache."""

    place: str
    board: str
    account: int
    found: str
    wanted: str


@dataclass
class Report:
    """What a comparison saw; beyond 1,000 differences they are only counted, and the accounts remembered."""

    rows: int = 0
    members: int = 0
    different: int = 0
    lost_sets: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    accounts: set[int] = field(default_factory=set)

    @property
    def ok(self) -> bool:
        """Whether everything agrees. A set that the cache does not have is no difference: ranks are counted then."""
        return not self.different

    def add(self, difference: Difference) -> None:
        """Count a difference."""
        self.different += 1
        self.accounts.add(difference.account)
        if len(self.differences) < MOST_NAMED:
            self.differences.append(difference)


_POINTS = """
SELECT coalesce(b.account_id, n.account_id), coalesce(b.board, n.board), coalesce(b.period, n.period),
    b.score, b.reached_at, coalesce(n.score, 0), n.reached_at
FROM (SELECT * FROM gamification_boardrow WHERE board = ANY(%(boards)s) AND (board = 1 OR period >= %(since)s)) b
FULL JOIN (SELECT * FROM gamification_recount_boards(%(since)s) WHERE board = ANY(%(boards)s)) n
    ON n.account_id = b.account_id AND n.board = b.board AND n.period = b.period
"""


def compare_rows(now: datetime, boards: Sequence[Board] = BOARDS) -> Report:
    """Compare the rows of these boards with the ledger and the states. Reads everything; awards may go on meanwhile."""
    report = Report()
    _compare_points(report, now, [CODES[board] for board in boards if CODES[board] in OF_POINTS])
    _compare_states(report, [board for board in boards if CODES[board] not in OF_POINTS])
    return report


def repair_rows(now: datetime, accounts: Iterable[int]) -> int:
    """Write what the rows of these accounts must be, with the accounts locked, in portions; return how many accounts."""
    ids = sorted(set(accounts))
    for start in range(0, len(ids), ACCOUNTS_AT_ONCE):
        with transaction.atomic():
            standings, _ = loading.lock_standings(ids[start : start + ACCOUNTS_AT_ONCE])
            _repair(list(standings.values()), now)
    return len(ids)


def compare_cache(now: datetime, boards: Sequence[Board] = BOARDS) -> Report:
    """Compare the sets of these boards with the rows, after a refresh. Raises cache.Unavailable.

    What differs is looked at again, because awards may go on meanwhile.
    """
    report = Report()
    _refresh(now)
    for scope in current_scopes(now, tuple(boards)):
        found = cache.members(scope)
        if found is None:
            report.lost_sets.append(scope.key)
            continue
        report.members += len(found)
        wanted = dict(_scores(scope, now))
        suspects = {a for a in found.keys() | wanted.keys() if found.get(a) != wanted.get(a)}
        if suspects:
            _look_again(report, scope, suspects, now)
    return report


def _since(now: datetime) -> date:
    """Return from when on rows of periods are all there: some are being forgotten before."""
    return (now - timedelta(days=KEPT_DAYS)).astimezone(UTC).date()


def _compare_points(report: Report, now: datetime, codes: Sequence[int]) -> None:
    if not codes:
        return
    parameters: dict[str, Any] = {"boards": list(codes), "since": _since(now)}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_POINTS, parameters)
        while rows := cursor.fetchmany(ACCOUNTS_AT_ONCE):
            for account, code, period, score, reached_at, wanted, wanted_at in rows:
                report.rows += 1
                if (score, reached_at) != (wanted, wanted_at) and not (wanted_at is None and not score):
                    name = NAMES[code] if period == ALWAYS else f"{NAMES[code]} {period}"
                    report.add(
                        Difference("rows", name, account, f"{score} at {reached_at}", f"{wanted} at {wanted_at}")
                    )


_STATES = """
SELECT g.account_id, g.document::text, p.shown, p.alias, p.vip_until, p.archetype,
    (SELECT json_object_agg(b.board, b.score) FROM gamification_boardrow b
        WHERE b.account_id = g.account_id AND b.board > 4 AND b.period = %s),
    (SELECT count(*) FROM gamification_boardrow b WHERE b.account_id = g.account_id
        AND (b.shown, b.vip_until, b.archetype)
            IS DISTINCT FROM (coalesce(p.shown, true), p.vip_until, coalesce(p.archetype, '')))
FROM gamification_progress g LEFT JOIN gamification_boardperson p ON p.account_id = g.account_id
"""


def _compare_states(report: Report, boards: Sequence[Board]) -> None:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_STATES, [ALWAYS])
        while rows := cursor.fetchmany(ACCOUNTS_AT_ONCE):
            for row in rows:
                _compare_state(report, boards, *row)


def _compare_state(
    report: Report,
    boards: Sequence[Board],
    account: int,
    document: str,
    shown: bool | None,
    alias: bool | None,
    vip_until: datetime | None,
    archetype: str | None,
    scores: dict[str, int] | None,
    stale: int,
) -> None:
    """Compare one state with what boards made of it; a missing row is one of zero, a missing look the usual one."""
    wanted, look = snapshot(decode(document))
    for board in boards:
        report.rows += 1
        found = (scores or {}).get(str(CODES[board]), 0)
        if found != wanted[board]:
            report.add(Difference("rows", board, account, str(found), str(wanted[board])))
    usual = (True, False, 0, "")
    seen = usual if shown is None else (shown, alias, microseconds(vip_until) if vip_until else 0, archetype)
    if seen != tuple(look):
        report.add(Difference("people", "", account, str(seen), str(tuple(look))))
    elif stale:
        report.add(Difference("people", "", account, f"{stale} rows with another look", str(tuple(look))))


def _repair(standings: Sequence[Standing], now: datetime) -> None:
    accounts = [standing.account for standing in standings]
    with connection.cursor() as cursor:
        # Rows before looks: the trigger on looks then finds all of them.
        cursor.execute(_REPAIR_POINTS, {"accounts": accounts, "since": _since(now)})
    kept = _kept_moments(accounts)
    for standing in standings:
        for board, score in snapshot(standing.state).scores.items():
            known, at = kept.get((standing.account, CODES[board]), (0, now))
            if known != score:
                standing.moved[board] = microseconds(at)
    board_rows.write(standings)
    board_rows.write_looks(standings)


_REPAIR_POINTS = """
WITH wanted AS MATERIALIZED (SELECT * FROM gamification_recount_boards(%(since)s, %(accounts)s)),
surplus AS (
    DELETE FROM gamification_boardrow b WHERE account_id = ANY(%(accounts)s) AND board <= 4
        AND (board = 1 OR period >= %(since)s)
        AND NOT EXISTS (
            SELECT FROM wanted w WHERE w.account_id = b.account_id AND w.board = b.board AND w.period = b.period)
)
INSERT INTO gamification_boardrow (account_id, board, period, score, reached_at, shown, vip_until, archetype)
SELECT account_id, board, period, score, reached_at, true, NULL, '' FROM wanted
ON CONFLICT (account_id, board, period) DO UPDATE SET score = excluded.score, reached_at = excluded.reached_at
"""


def _kept_moments(accounts: Sequence[int]) -> dict[tuple[int, int], tuple[int, datetime]]:
    rows = fetch(
        "SELECT account_id, board, score, reached_at FROM gamification_boardrow WHERE account_id = ANY(%s) AND board > 4",
        [list(accounts)],
    )
    return {(account, board): (score, reached_at) for account, board, score, reached_at in rows}


def _look_again(report: Report, scope: Scope, suspects: set[int], now: datetime) -> None:
    """Report which of these differ still, now that the cache has seen what has changed since."""
    _refresh(now)
    found = cache.scores(scope, sorted(suspects))
    condition, values = scope.condition(now)
    wanted = dict(
        fetch(
            f"SELECT account_id, score FROM gamification_boardrow WHERE {condition} AND account_id = ANY(%s)",
            [*values, list(suspects)],
        )
    )
    changing = "SELECT account_id FROM gamification_boardchange WHERE account_id = ANY(%s)"
    pending = {account for (account,) in fetch(changing, [list(suspects)])}
    for account in sorted(suspects - pending):
        if found.get(account) != wanted.get(account):
            name = f"{scope.board} {scope.segment}"
            report.add(Difference("cache", name, account, str(found.get(account)), str(wanted.get(account))))


def _refresh(now: datetime) -> None:
    if refreshing.refresh(now) is None:
        raise refreshing.Busy(refreshing.Busy.__doc__)


def _scores(scope: Scope, now: datetime) -> list[Any]:
    condition, values = scope.condition(now)
    return fetch(f"SELECT account_id, score FROM gamification_boardrow WHERE {condition}", values)
