"""Granting what the matrix says, as the owner of the tables; whatever is right already is left alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, LiteralString

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from diana.database_roles import catalogue, comparison
from diana.database_roles.catalogue import NOTE, Catalogue
from diana.database_roles.comparison import Difference
from diana.database_roles.matrix import FORMER, Matrix, Rights

# Two releases at a time wait for each other.
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('diana.database_roles'))"
_PLACES = "SELECT has_schema_privilege(%s, 'public', 'USAGE')"
_DEFAULTS = """
SELECT a.defaclobjtype::text, pg_get_userbyid(r.grantee)
FROM pg_default_acl a CROSS JOIN LATERAL aclexplode(a.defaclacl) r
WHERE a.defaclrole = to_regrole(quote_ident(current_user)) AND a.defaclnamespace = 'public'::regnamespace
    AND pg_get_userbyid(r.grantee) = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
"""
_KINDS = {"r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS"}


class RoleMissing(RuntimeError):
    """The addresses name roles that the database does not have."""


class NotGranted(RuntimeError):
    """After the grant a role may do more or less than the matrix says: somebody else gave a right, or a role is a member of
    another one."""


def grant(
    connection: BaseDatabaseWrapper, matrix: Matrix, roles: Mapping[str, Sequence[str]], *, former: bool | None = None
) -> list[Difference]:
    """Bring the rights of the roles, each with the parts that it serves, in line with the matrix; return what was otherwise.

    One transaction. Rights of the release before are taken back (`former` False) or given (True); None leaves them as they
    are until they were taken back once. A second call changes nothing. Raises RoleMissing and NotGranted.
    """
    refuse_missing(connection, roles)
    with transaction.atomic(using=connection.alias):
        _run(connection, _ALONE)
        _open_schema(connection, roles)
        before = catalogue.ask(connection, list(roles))
        found = comparison.compare(matrix, roles, before)
        if former is None and not before.former:
            former = False
        for statement in statements(matrix, roles, before, former):
            _run(connection, statement)
        _keep_values(connection, matrix, roles)
        _note(connection, matrix.digest if former is False else f"{matrix.digest} {FORMER}")
        after = comparison.compare(matrix, roles, catalogue.ask(connection, list(roles)))
        if wrong := [str(one) for one in after if one.missing or one.surplus]:
            raise NotGranted(f"{' '.join(str(NotGranted.__doc__).split())} {'; '.join(wrong)}.")
    return [one for one in found if one not in after]


def refuse_missing(connection: BaseDatabaseWrapper, roles: Iterable[str]) -> None:
    """Raise RoleMissing, with what an administrator of the database does about it."""
    names = sorted(roles)
    if missing := [name for name in names if name not in catalogue.existing(connection, names)]:
        database = connection.settings_dict["NAME"]
        cure = " ".join(
            f"CREATE ROLE {name} LOGIN PASSWORD '…'; GRANT CONNECT ON DATABASE {database} TO {name};"
            f" GRANT pg_read_all_stats TO {name};"
            for name in missing
        )
        raise RoleMissing(f"The database has no role {', '.join(missing)}. Make it, as an administrator: {cure}")


def statements(
    matrix: Matrix, roles: Mapping[str, Sequence[str]], found: Catalogue, former: bool | None
) -> Iterator[sql.Composable]:
    """Return the statements for each role and table that is otherwise: all is revoked, then granted as it should be."""
    for role, parts in roles.items():
        for name, (has, beyond, columns) in found.tables[role].items():
            if name not in matrix.tables:
                continue
            wanted, once = matrix.rights(name, parts), matrix.former(name, parts)
            if former is not False:
                wanted |= once if former else has.common(once)
            if has != wanted or beyond:
                yield _on("REVOKE ALL ON TABLE {} FROM {}", name, role)
                yield from _grants(name, role, wanted, columns)
        sequences = matrix.sequence_rights(parts)
        for name, held in found.sequences[role].items():
            needed = sequences.get(name, frozenset())
            if held != needed:
                yield _on("REVOKE ALL ON SEQUENCE {} FROM {}", name, role)
                for right in sorted(needed):
                    yield _on(f"GRANT {right} ON SEQUENCE {{}} TO {{}}", name, role)


def _grants(table: str, role: str, rights: Rights, columns: Sequence[str]) -> Iterator[sql.Composable]:
    for act, named in rights.columns().items():
        if not named:
            continue
        listed = sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Identifier, sorted(named))))
        yield sql.SQL("GRANT {}{} ON TABLE {} TO {}").format(
            sql.SQL(act),
            sql.SQL("") if named >= set(columns) else listed,
            sql.Identifier(table),
            sql.Identifier(role),
        )
    if rights.delete:
        yield _on("GRANT DELETE ON TABLE {} TO {}", table, role)


def _open_schema(connection: BaseDatabaseWrapper, roles: Iterable[str]) -> None:
    """Let the roles see the schema, and give nobody a right on tables to come: each is granted by name."""
    names = list(roles)
    for role in names:
        if not _rows(connection, _PLACES, [role])[0][0]:
            _run(connection, sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role)))
    for kind, role in _rows(connection, _DEFAULTS, [names]):
        _run(
            connection,
            sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON {} FROM {}").format(
                sql.SQL(_KINDS[str(kind)]),
                sql.Identifier(str(role)),
            ),
        )


def _keep_values(connection: BaseDatabaseWrapper, matrix: Matrix, roles: Mapping[str, Sequence[str]]) -> None:
    """Write down to which values of new rows each role is kept; roles of other addresses go."""
    rows = sorted((role, *kept) for role, parts in roles.items() for kept in matrix.only(parts))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    given = "SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS g (role, relation, value)"
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM event_role_limit WHERE (role, relation, value) NOT IN ({given})", columns)
        cursor.execute(f"INSERT INTO event_role_limit (role, relation, value) {given} ON CONFLICT DO NOTHING", columns)


def _note(connection: BaseDatabaseWrapper, granted: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_parameter (name, value) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value"
            " WHERE event_parameter.value <> EXCLUDED.value",
            [NOTE, granted],
        )


def _on(statement: LiteralString, relation: str, role: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(relation), sql.Identifier(role))


def _rows(connection: BaseDatabaseWrapper, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _run(connection: BaseDatabaseWrapper, statement: str | sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
