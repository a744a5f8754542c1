"""What the database's own catalogue says of our tables: constraints, unique indexes, triggers, what has which shape."""

from typing import Any, NamedTuple

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]

# Ours is what is not Django's or django-axes'.
OURS = "{0}.relnamespace = 'public'::regnamespace AND {0}.relname !~ '^(auth|axes|django)_'"

CONSTRAINTS = f"""
SELECT k.conname, c.relname, k.contype::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE {OURS.format("c")}
UNION ALL
SELECT i.relname, c.relname, 'i' FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    WHERE x.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid) AND {OURS.format("c")}
ORDER BY 2, 1
"""
# All triggers are ours, those on Django's tables too.
TRIGGERS = """
SELECT t.tgname, c.relname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace ORDER BY 2, 1
"""
TABLES = f"SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND {OURS.format('c')} ORDER BY 1"
COLUMNS = """
SELECT attname, attnotnull FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
# Kinds of constraints, by the catalogue's letters, and the code of the error when one is broken.
CHECK, UNIQUE, EXCLUDE, UNIQUE_INDEX, PRIMARY, FOREIGN, NOT_NULL = "c", "u", "x", "i", "p", "f", "n"
CODES = {CHECK: "23514", UNIQUE: "23505", UNIQUE_INDEX: "23505", PRIMARY: "23505", EXCLUDE: "23P01"} | {
    FOREIGN: "23503",
    NOT_NULL: "23502",
}


class Constraint(NamedTuple):
    """A constraint, or a unique index that is none."""

    name: str
    table: str
    kind: str


class Trigger(NamedTuple):
    """A trigger; `fires` is A for always."""

    name: str
    table: str
    fires: str


def constraints(database: Connection, *kinds: str) -> list[Constraint]:
    """Return the constraints of these kinds on our tables."""
    return [c for row in database.execute(CONSTRAINTS) if (c := Constraint(*row)).kind in kinds]


def triggers(database: Connection) -> list[Trigger]:
    """Return the triggers on our tables."""
    return [Trigger(*row) for row in database.execute(TRIGGERS)]


def tables(database: Connection) -> list[str]:
    """Return our tables."""
    return [name for (name,) in database.execute(TABLES)]


def columns(database: Connection, table: str) -> dict[str, bool]:
    """Return the columns that can be written, and whether each must have a value."""
    return dict(database.execute(COLUMNS, [table]).fetchall())  # type: ignore[arg-type]


def copying(database: Connection, table: str, changes: dict[str, str], of: str = "true") -> sql.SQL:
    """Return the statement that adds a copy of a row for which `of` is true, with columns changed to SQL over the row."""
    names = list(columns(database, table))
    unknown = set(changes) - set(names)
    assert not unknown, f"{table} has no {unknown}"
    values = ", ".join(changes.get(name, f'"{name}"') for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    return sql.SQL(  # type: ignore[arg-type]
        f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table} WHERE {of} LIMIT 1"
    )
