"""Keeping the cache of ranks near the rows: what changed since, sets that are lost, VIP that ended.

One refresher at a time, by a lock of its session; whoever loses that lock without noticing comes too late for the sets'
marks (cache.py). No call to the cache is made inside a transaction. A change is forgotten only once the cache has it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from apps.gamification.boards import cache
from apps.gamification.boards.queries import fetch
from apps.gamification.boards.scope import Scope, current_scopes, scope_of
from apps.gamification.decide.boards import ARCHETYPES, BOARDS, CODES, Board
from diana.events.locks import lane_lock

CHANGES_AT_ONCE = 10_000
# Rows of one reading; numbers (score, account, score …) of one call to the cache.
ROWS_AT_ONCE, PORTION = 5_000, 10_000
# While the cache is away, more changes than this are reduced to one for each account.
MOST_CHANGES = 100_000
LOCK = "gamification.boards"
# Clocks of two machines may differ so much.
SKEW = timedelta(minutes=1)

Progress = Callable[[str, int], None]


class Busy(RuntimeError):
    """Another process is refreshing the cache: wait until it is done, then try again."""


@dataclass
class Refreshed:
    """What a pass did: accounts whose changes were taken over, sets built anew, ends of VIP."""

    changes: int = 0
    built: int = 0
    vip_ended: int = 0


class Row(NamedTuple):
    """What the sets need of a row."""

    account: int
    score: int
    shown: bool
    vip_until: datetime | None
    archetype: str


Parts = dict[Scope, list[tuple[int, int]]]


def refresh(now: datetime) -> Refreshed | None:
    """Bring every set of the present periods up to date; None if another process is at it.

    A set that is lost is built from its rows. Raises cache.Unavailable, cache.Late.
    """
    with _alone() as moment:
        if moment is None:
            return None
        done = Refreshed()
        try:
            scopes = current_scopes(now)
            marks = dict(zip(scopes, cache.marks(scopes), strict=True))
            lost = [scope for scope, mark in marks.items() if mark is None]
            _build(lost, moment, now)
            done.built = len(lost)
            while changes := _changes():
                _take_over(changes, moment, now)
                done.changes += len(changes)
                if len(changes) < CHANGES_AT_ONCE:
                    break
            done.vip_ended = _end_vip([s for s in scopes if s.segment == "vip"], marks, moment, now)
        except cache.Unavailable:
            _shrink_changes()
            raise
        return done


def rebuild(now: datetime, boards: Sequence[Board] = BOARDS, progress: Progress | None = None) -> int:
    """Build every set of the present periods of these boards anew and swap them in; return how many members they have.

    Raises Busy, cache.Unavailable, cache.Late.
    """
    with _alone() as moment:
        if moment is None:
            raise Busy(Busy.__doc__)
        return _build(current_scopes(now, tuple(boards)), moment, now, progress)


@contextmanager
def _alone() -> Iterator[int | None]:
    """Yield the moment of this pass, by the database's clock, or None if another process is at it."""
    with lane_lock(LOCK, 0) as free:
        if not free:
            yield None
            return
        (moment,) = fetch("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", [])[0]
        yield moment


def _build(scopes: Iterable[Scope], moment: int, now: datetime, progress: Progress | None = None) -> int:
    """Build these sets, those of one board in one walk through its rows."""
    by_board: dict[Board, list[Scope]] = defaultdict(list)
    for scope in scopes:
        by_board[scope.board].append(scope)
    members = 0
    for board, wanted in by_board.items():
        members += _build_board(wanted, moment, now)
        if progress:
            progress(board, members)
    return members


def _build_board(wanted: Sequence[Scope], moment: int, now: datetime) -> int:
    """Build the sets of one board. A million rows pass here: lists of plain numbers, and no object for each."""
    scopes = {scope.segment: scope for scope in wanted}
    waiting: dict[str, list[int]] = {segment: [] for segment in scopes}
    members = 0

    def flush(segment: str, least: int) -> int:
        flat, scope = waiting[segment], scopes[segment]
        for start in range(0, len(flat) - least + 1, PORTION):
            cache.add(scope, moment, flat[start : start + PORTION])
        kept = len(flat) % PORTION if least > 1 else 0
        waiting[segment] = flat[len(flat) - kept :]
        return (len(flat) - kept) // 2

    for segments, rows in _portions(wanted, now):
        _sort_in(rows, {segment: waiting[segment] for segment in segments if segment in waiting})
        members += sum(flush(segment, PORTION) for segment in scopes)
    for segment, scope in scopes.items():
        members += flush(segment, 1)
        cache.swap(scope, moment, now)
    return members


def _portions(wanted: Sequence[Scope], now: datetime) -> Iterator[tuple[Sequence[str], list[tuple[int, int, str]]]]:
    """Read a board in portions along its indexes, for the segments named: everyone's tells archetypes, VIPs have their own.

    The cursors outlive their transactions, so that none is open while the cache is written.
    """
    columns, order = "account_id, score", "ORDER BY score DESC, reached_at, account_id"
    everyone, vips = Scope(wanted[0].board, wanted[0].period), Scope(wanted[0].board, wanted[0].period, "vip")
    walks = (
        (everyone, f"{columns}, archetype", ("everyone", *ARCHETYPES)),
        (vips, f"{columns}, 'vip'", ("vip",)),
    )
    for scope, selected, segments in walks:
        if not any(one.segment in segments for one in wanted):
            continue
        condition, values = scope.condition(now)
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT {selected} FROM gamification_boardrow WHERE {condition} {order}", values)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield segments, rows


def _sort_in(rows: Sequence[tuple[int, int, str]], waiting: dict[str, list[int]]) -> None:
    """Append score and account of each row to the segments that have it and are wanted."""
    if "everyone" in waiting:
        waiting["everyone"] += [value for account, score, _ in rows for value in (score, account)]
    for account, score, segment in rows:
        if segment in waiting:
            waiting[segment] += (score, account)


def _scopes_of(row: Row, board: Board, now: datetime) -> list[Scope]:
    """Return the scopes of the board's present period that have the row."""
    if not row.shown or row.score <= 0:
        return []
    segments = ["everyone"]
    if row.vip_until is not None and row.vip_until > now:
        segments.append("vip")
    if row.archetype:
        segments.append(row.archetype)
    return [scope_of(board, now, segment) for segment in segments]


class Change(NamedTuple):
    """A line of the list of changes."""

    id: int
    account: int
    look: bool


def _changes() -> list[Change]:
    statement = "SELECT id, account_id, look FROM gamification_boardchange ORDER BY id LIMIT %s"
    return [Change(*row) for row in fetch(statement, [CHANGES_AT_ONCE])]


def _take_over(changes: Sequence[Change], moment: int, now: datetime) -> None:
    """Write the rows of these accounts as they are by now, then forget the changes."""
    looks = {change.account for change in changes if change.look}
    parts: Parts = defaultdict(list)
    for board, row in _present_rows({change.account for change in changes}, now):
        present = _scopes_of(row, board, now)
        for scope in present:
            parts[scope].append((row.account, row.score))
        for scope in _scopes_left(row, board, now, looked=row.account in looks):
            if scope not in present:
                parts[scope].append((row.account, 0))
    for scope, members in parts.items():
        cache.write(scope, moment, members)
    fetch("DELETE FROM gamification_boardchange WHERE id = ANY(%s) RETURNING 1", [[change.id for change in changes]])


def _present_rows(accounts: Iterable[int], now: datetime) -> list[tuple[Board, Row]]:
    """Return the rows of these accounts in the present period of every board, each with its board."""
    boards = {CODES[board]: board for board in BOARDS}
    found = fetch(
        "SELECT r.board, r.account_id, r.score, r.shown, r.vip_until, r.archetype FROM gamification_boardrow r"
        " JOIN unnest(%s::smallint[], %s::date[]) s (board, period) USING (board, period)"
        " WHERE r.account_id = ANY(%s::bigint[])",
        [list(boards), [scope_of(board, now).period for board in BOARDS], list(accounts)],
    )
    return [(boards[board], Row._make(row)) for board, *row in found]


def _scopes_left(row: Row, board: Board, now: datetime, *, looked: bool) -> list[Scope]:
    """Return the scopes that may still have the row: all of them only after a change of the person's look."""
    segments = (
        ["everyone", "vip", *ARCHETYPES] if looked else ["everyone", "vip", *([row.archetype] * bool(row.archetype))]
    )
    if not looked and row.vip_until is None:
        segments.remove("vip")
    return [scope_of(board, now, segment) for segment in segments]


def _end_vip(scopes: Sequence[Scope], marks: dict[Scope, int | None], moment: int, now: datetime) -> int:
    """Take out of the VIPs' sets whose VIP has ended since these were written last; that needs no event."""
    oldest = min((mark for s in scopes if (mark := marks[s]) is not None), default=moment)
    since = now - timedelta(microseconds=max(moment - oldest, 0)) - SKEW
    ended = fetch(
        "SELECT account_id FROM gamification_boardperson WHERE vip_until > %s AND vip_until <= %s", [since, now]
    )
    for scope in scopes:
        # Also when nobody's has: the mark says until when that is known.
        cache.write(scope, moment, [(account, 0) for (account,) in ended])
    return len(ended)


def _shrink_changes() -> None:
    """Keep one change for each account while the cache is away, so that the list cannot outgrow the accounts."""
    (count,) = fetch("SELECT count(*) FROM gamification_boardchange", [])[0]
    if count > MOST_CHANGES:
        fetch(
            "DELETE FROM gamification_boardchange c USING gamification_boardchange later"
            " WHERE later.account_id = c.account_id AND later.id > c.id AND (later.look OR NOT c.look) RETURNING 1",
            [],
        )
