"""A database's shape and its rows, in a form that can be compared: what migrations must bring back, and what they must keep."""

import json
from collections.abc import Iterable
from typing import Any

from tests.schema import catalogue
from tests.schema.catalogue import OURS, Connection

QUERIES = {
    "column": f"""
        SELECT c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull,
            a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND {OURS.format("c")}""",
    "constraint": f"""
        SELECT c.relname || '.' || k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k
            JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype <> 'n' AND {OURS.format("c")}""",
    "index": f"""
        SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
            JOIN pg_class c ON c.oid = x.indrelid WHERE {OURS.format("c")}""",
    "trigger": f"""
        SELECT t.tgname, t.tgenabled::text || pg_get_triggerdef(t.oid) FROM pg_trigger t
            JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND {OURS.format("c")}""",
    "function": """
        SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace""",
    "options": f"SELECT relname, reloptions::text FROM pg_class c WHERE reloptions IS NOT NULL AND {OURS.format('c')}",
}
RIGHTS = {
    "right on": f"""
        SELECT c.relname || ' of ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'everybody'), string_agg(a.privilege_type,
            ' ' ORDER BY a.privilege_type) FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
        WHERE a.grantee <> c.relowner AND {OURS.format("c")}
        GROUP BY 1""",
    "right on column": f"""
        SELECT c.relname || '.' || t.attname, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid CROSS JOIN aclexplode(t.attacl) a
        WHERE {OURS.format("c")} GROUP BY 1""",
    "right on function": """
        SELECT oid::regprocedure::text, coalesce(proacl::text, 'everybody') FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace""",
}


def shape(database: Connection, *, rights: bool = True) -> dict[str, str]:
    """Return everything that is of the database's making, by what it is; `rights`: who may do what as well."""
    queries = QUERIES | RIGHTS if rights else QUERIES
    return {f"{what} {name}": text for what, query in queries.items() for name, text in database.execute(query)}


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Say what is gone, new and other."""
    names = sorted({*before, *after})
    return [
        f"{'new' if n not in before else 'gone' if n not in after else 'other'}: {n}"
        for n in names
        if before.get(n) != after.get(n)
    ]


def rows(database: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables of ours."""
    return {
        table: [json.loads(row) for (row,) in database.execute(f"SELECT to_jsonb(t)::text FROM {table} t")]
        for table in catalogue.tables(database)
    }


def only(found: Iterable[dict[str, Any]], columns: set[str]) -> list[str]:
    """Return the rows with no more than these columns, as texts, in an order of their own."""
    return sorted(json.dumps({c: v for c, v in row.items() if c in columns}, sort_keys=True) for row in found)
