"""What PostgreSQL's catalogue says of the rights of roles: the effective ones, wherever they come from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

from diana.database_roles.matrix import FORMER, Rights

# A row for each role and table. `beyond` are rights that no role of Diana's needs.
_TABLES = """
SELECT role, c.relname,
    array_agg(a.attname::text) FILTER (WHERE has_column_privilege(role, c.oid, a.attnum, 'SELECT')),
    array_agg(a.attname::text) FILTER (WHERE has_column_privilege(role, c.oid, a.attnum, 'INSERT')),
    array_agg(a.attname::text) FILTER (WHERE has_column_privilege(role, c.oid, a.attnum, 'UPDATE')),
    has_table_privilege(role, c.oid, 'DELETE'),
    array_remove(ARRAY[
        CASE WHEN has_table_privilege(role, c.oid, 'TRUNCATE') THEN 'TRUNCATE' END,
        CASE WHEN has_table_privilege(role, c.oid, 'TRIGGER') THEN 'TRIGGER' END,
        CASE WHEN has_table_privilege(role, c.oid, 'REFERENCES') THEN 'REFERENCES' END
    ], NULL),
    array_agg(a.attname::text ORDER BY a.attnum)
FROM unnest(%s::text[]) AS role
CROSS JOIN pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY role, c.oid ORDER BY role, c.relname
"""
_SEQUENCES = """
SELECT role, c.relname, array_remove(ARRAY[
        CASE WHEN has_sequence_privilege(role, c.oid, 'SELECT') THEN 'SELECT' END,
        CASE WHEN has_sequence_privilege(role, c.oid, 'USAGE') THEN 'USAGE' END,
        CASE WHEN has_sequence_privilege(role, c.oid, 'UPDATE') THEN 'UPDATE' END
    ], NULL)
FROM unnest(%s::text[]) AS role CROSS JOIN pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' ORDER BY role, c.relname
"""


class Found(NamedTuple):
    """One role's rights on one table, those beyond the matrix's acts, and the table's columns in their order."""

    rights: Rights
    beyond: tuple[str, ...]
    columns: tuple[str, ...]


class Catalogue(NamedTuple):
    """The rights of the roles: of each on every table, on every sequence, and the values that it is kept to.

    `digest` is that of the matrix that was granted, `former` says that rights of the release before it were not taken back.
    """

    tables: Mapping[str, Mapping[str, Found]]
    sequences: Mapping[str, Mapping[str, frozenset[str]]]
    only: Mapping[str, frozenset[tuple[str, str]]]
    digest: str
    former: bool


def existing(connection: BaseDatabaseWrapper, roles: Sequence[str]) -> set[str]:
    """Return which of the roles there are."""
    return {name for (name,) in _rows(connection, "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", list(roles))}


def ask(connection: BaseDatabaseWrapper, roles: Sequence[str]) -> Catalogue:
    """Return the rights of these roles, which must exist; all on the schema `public`."""
    tables: dict[str, dict[str, Found]] = {role: {} for role in roles}
    sequences: dict[str, dict[str, frozenset[str]]] = {role: {} for role in roles}
    only: dict[str, set[tuple[str, str]]] = {role: set() for role in roles}
    names = list(roles)
    for role, table, select, insert, update, delete, beyond, columns in _rows(connection, _TABLES, names):
        rights = Rights(frozenset(select or ()), frozenset(insert or ()), frozenset(update or ()), delete)
        tables[role][table] = Found(rights, tuple(beyond), tuple(columns))
    for role, sequence, rights_of_it in _rows(connection, _SEQUENCES, names):
        sequences[role][sequence] = frozenset(rights_of_it)
    for role, table, value in _rows(
        connection, "SELECT role, relation, value FROM event_role_limit WHERE role = ANY(%s)", names
    ):
        only[role].add((table, value))
    kept = {role: frozenset(values) for role, values in only.items()}
    noted = _rows(connection, "SELECT value FROM event_parameter WHERE name = %s", NOTE)
    digest, _, former = noted[0][0].partition(" ") if noted else ("", "", FORMER)
    return Catalogue(tables, sequences, kept, digest, bool(former))


# The name of the parameter of the log that holds the digest of the matrix that was granted, and perhaps " former".
NOTE = "database_rights"


def _rows(connection: BaseDatabaseWrapper, query: str, value: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [value])
        return list(cursor.fetchall())
