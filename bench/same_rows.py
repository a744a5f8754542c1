"""The rows that Diana has written, written once more by plain set-based SQL: nothing is decided, all answers are known.

They are laid out in another database in the batches in which they could be written; then two connections write them, each
with half of the lanes: same tables, triggers and constraints.
"""

import threading
import time
from collections.abc import Sequence

import psycopg
from django.db import connection

BATCH = 500

# How the rows travel to the other database: a query here, a table there, and the columns of both.
_HANDLED = """
SELECT event_id, lane, (row_number() OVER (PARTITION BY lane ORDER BY id) - 1) / {batch} AS batch, user_id AS account_id
FROM event_log WHERE id > {start} AND type = ANY('{{{types}}}') AND user_id = ANY('{{{persons}}}')
"""
_TABLES = ("gamification_entry", "gamification_unlock", "gamification_boardrow", "gamification_boardperson")


def lay_out(raw: psycopg.Connection, persons: list[int], start: int, entries_before: int) -> None:
    """Bring people, empty accounts and all rows that Diana wrote into the other database, in batches."""
    from apps.gamification.handlers import AWARDED_TYPES

    mine = ",".join(map(str, persons))
    handled = _HANDLED.format(batch=BATCH, start=start, types=",".join(AWARDED_TYPES), persons=mine)
    raw.execute("CREATE UNLOGGED TABLE handled (event_id uuid PRIMARY KEY, lane int, batch int, account_id bigint)")
    _copy(raw, handled, "handled")
    _copy(raw, f"SELECT * FROM users_person WHERE id = ANY('{{{mine}}}')", "users_person")
    raw.execute("INSERT INTO gamification_account (person_id) SELECT id FROM users_person")
    raw.execute("INSERT INTO gamification_progress (account_id) SELECT id FROM users_person")
    outcomes = f"SELECT * FROM event_log WHERE id > {start} AND causation_id IN (SELECT event_id FROM ({handled}) h)"
    _stage(raw, outcomes, "event_log", "staged_outcome")
    for table in _TABLES:
        column = "id" if table == "gamification_entry" else "account_id"
        lowest = f"id > {entries_before} AND " if table == "gamification_entry" else ""
        account = "account_id" if column == "id" else column
        query = f"SELECT * FROM {table} WHERE {lowest}{account} = ANY('{{{mine}}}')"
        _stage(raw, query, table, table.replace("gamification_", "staged_"))
    documents = f"SELECT account_id, document::text FROM gamification_progress WHERE account_id = ANY('{{{mine}}}')"
    raw.execute("CREATE UNLOGGED TABLE staged_document (account_id bigint PRIMARY KEY, document text)")
    _copy(raw, documents, "staged_document")
    raw.execute("CREATE INDEX ON handled (lane, batch)")
    for table, column in (("outcome", "causation_id"), ("entry", "event_id"), ("unlock", "event_id")):
        raw.execute(f"CREATE INDEX ON staged_{table} ({column})")
    raw.execute("CREATE INDEX ON staged_boardrow (account_id)")
    raw.execute("CREATE INDEX ON staged_boardperson (account_id)")
    # The event of an unlock is an outcome: the unlock is written with what caused that.
    raw.execute("ANALYZE")


def _stage(raw: psycopg.Connection, query: str, like: str, table: str) -> None:
    raw.execute(f"CREATE UNLOGGED TABLE {table} (LIKE {like})")
    _copy(raw, query, table)


def _copy(raw: psycopg.Connection, query: str, table: str) -> None:
    """Pipe the rows of a query from Diana's database into a table of the other."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({query}) q LIMIT 0")
        columns = ", ".join(column.name for column in cursor.description)
        out = cursor.copy(f"COPY ({query}) TO STDOUT")
        into = raw.cursor().copy(f"COPY {table} ({columns}) FROM STDIN")
        with out as source, into as sink:
            for data in source:
                sink.write(data)


_LOCK = """
SELECT count(*) FROM (SELECT FROM gamification_progress WHERE account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY account_id FOR NO KEY UPDATE) l
"""
_ENTRIES = """
INSERT INTO gamification_entry ({columns}) SELECT {columns} FROM staged_entry s
WHERE event_id IN (SELECT event_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY id
"""
_DOCUMENTS = """
UPDATE gamification_progress p SET document = s.document::json FROM staged_document s
WHERE p.account_id = s.account_id AND s.account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s)
"""
_UNLOCKS = """
INSERT INTO gamification_unlock ({columns}) SELECT {columns} FROM staged_unlock WHERE event_id IN (
    SELECT o.event_id FROM staged_outcome o JOIN handled h ON h.event_id = o.causation_id
    WHERE h.lane = %(lane)s AND h.batch = %(batch)s)
"""
_LOOKS = """
INSERT INTO gamification_boardperson SELECT * FROM staged_boardperson WHERE account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET shown = excluded.shown, alias = excluded.alias, vip_until = excluded.vip_until,
    archetype = excluded.archetype
"""
# The rows of points are the trigger's, in both.
_SCORES = """
INSERT INTO gamification_boardrow SELECT * FROM staged_boardrow WHERE board > 4 AND account_id IN (
    SELECT account_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY account_id, board
ON CONFLICT (account_id, board, period) DO UPDATE SET score = excluded.score, reached_at = excluded.reached_at
"""
_OUTCOMES = """
INSERT INTO event_log ({columns}) SELECT {columns} FROM staged_outcome WHERE causation_id IN (
    SELECT event_id FROM handled WHERE lane = %(lane)s AND batch = %(batch)s) ORDER BY id
"""
_MOVE = """
UPDATE event_cursor SET position = position + 1, handled = handled + %(count)s, moved_at = now()
WHERE subscriber = 'gamification.award_points' AND lane = %(lane)s
"""


def write(url: str) -> float:
    """Write all rows on two connections, each with half of the lanes; return the seconds it took."""
    with psycopg.connect(url) as raw:
        batches = raw.execute("SELECT lane, batch, count(*) FROM handled GROUP BY 1, 2 ORDER BY 2, 1").fetchall()
        statements = [
            _ENTRIES.format(columns=_columns(raw, "gamification_entry")),
            _DOCUMENTS,
            _UNLOCKS.format(columns=_columns(raw, "gamification_unlock")),
            _LOOKS,
            _SCORES,
            # New ids, as they come.
            _OUTCOMES.format(columns=_columns(raw, "event_log", without=("id",))),
            _MOVE,
        ]
    started = time.monotonic()
    halves = [
        threading.Thread(target=_work, args=(url, [b for b in batches if b[0] % 2 == half], statements))
        for half in (0, 1)
    ]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    return time.monotonic() - started


def _columns(raw: psycopg.Connection, table: str, without: Sequence[str] = ()) -> str:
    names = raw.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attname <> ALL(%s) ORDER BY attnum",
        [table, list(without)],
    ).fetchall()
    return ", ".join(name for (name,) in names)


def _work(url: str, batches: Sequence[tuple[int, int, int]], statements: Sequence[str]) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=1) as raw:
        for lane, batch, count in batches:
            which = {"lane": lane, "batch": batch, "count": count}
            with raw.transaction():
                raw.execute(_LOCK, which)
                for statement in statements:
                    raw.execute(statement, which)


_COMPARED = {
    "gamification_entry": ("staged_entry", "count(*), sum(amount)"),
    "gamification_unlock": ("staged_unlock", "count(*), count(DISTINCT account_id)"),
    "gamification_boardrow": ("staged_boardrow", "count(*), sum(score)"),
    "event_log": ("staged_outcome", "count(*), count(DISTINCT type)"),
}


def compare(raw: psycopg.Connection) -> None:
    """End the benchmark if plain SQL did not write the same rows, those of the triggers included."""
    for table, (staged, figures) in _COMPARED.items():
        found = raw.execute(f"SELECT {figures} FROM {table}").fetchone()
        wanted = raw.execute(f"SELECT {figures} FROM {staged}").fetchone()
        if found != wanted:
            raise SystemExit(f"plain SQL wrote {found} instead of {wanted} into {table}")
