"""Adopting a database that came from elsewhere (restore, cutover): sequences above what is in use, walls up again."""

from typing import NamedTuple

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

LOG_SEQUENCE = "event_log_id_seq"


class Sequence(NamedTuple):
    """A sequence that is behind: its last value, and the highest that is in use in the column it serves."""

    name: str
    last: int
    in_use: int


class Adoption(NamedTuple):
    """What was behind or down, and is mended unless it was a dry run. `walls`: (table, trigger) that was disabled."""

    log_last: int
    sequences: list[Sequence]
    walls: list[tuple[str, str]]


def adopt(*, dry_run: bool = False) -> Adoption:
    """Set every sequence above what is in use and switch disabled triggers on, as the owner. Twice is once.

    Logical replication copies no sequence, and triggers that fire always must be off while it applies changes. The
    log's sequence also stays above every cursor: an id below one would never be read.
    """
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(f"SELECT last_value FROM {LOG_SEQUENCE}")
        log_last: int = cursor.fetchone()[0]
        sequences, walls = _sequences_behind(cursor), _walls_down(cursor)
        if not dry_run:
            for sequence in sequences:
                cursor.execute("SELECT setval(%s::regclass, %s, true)", [sequence.name, sequence.in_use])
            for table, trigger in walls:
                statement = sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}")
                cursor.execute(statement.format(sql.Identifier(table), sql.Identifier(trigger)))
    return Adoption(log_last, sequences, walls)


# Of serial and identity columns alike; last_value is NULL where the sequence was never used.
_OWNED = """
SELECT s.relname, t.relname, a.attname, coalesce(pg_sequence_last_value(s.oid), 0)
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    AND s.relnamespace = current_schema()::regnamespace
ORDER BY s.relname
"""


def _sequences_behind(cursor: CursorWrapper) -> list[Sequence]:
    cursor.execute(_OWNED)
    found = []
    for name, table, column, last in cursor.fetchall():
        statement = sql.SQL("SELECT coalesce(max({}), 0) FROM {}")
        cursor.execute(statement.format(sql.Identifier(column), sql.Identifier(table)))
        in_use = max(cursor.fetchone()[0], _highest_position(cursor) if name == LOG_SEQUENCE else 0)
        if in_use > last:
            found.append(Sequence(name, last, in_use))
    return found


def _highest_position(cursor: CursorWrapper) -> int:
    # At least 1: the fence wants a last value that was given out (migration 0003).
    cursor.execute("SELECT coalesce(max(position), 1) FROM event_cursor")
    highest: int = cursor.fetchone()[0]
    return highest


def _walls_down(cursor: CursorWrapper) -> list[tuple[str, str]]:
    """Return the triggers of this schema that are disabled; those that fire always are the only ones ever switched off."""
    cursor.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND t.tgenabled = 'D' AND c.relnamespace = current_schema()::regnamespace"
        " ORDER BY c.relname, t.tgname"
    )
    return list(cursor.fetchall())
