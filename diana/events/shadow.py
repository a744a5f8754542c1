"""Shadow tables of a projection: the same names in a schema of their own, filled unseen, then put in the place of the live ones.

A handler finds them by the search path and needs no change. All of this is the owner's work; the application's role is
given the rights that it has on the live tables.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, connections, transaction
from psycopg import sql

from diana.events.subscriptions import Subscriber


class NotRebuildable(RuntimeError):
    """A projection has tables that a copy could not take the place of, or there is no owner's connection to do it."""


def schema_of(subscriber: Subscriber) -> str:
    """Return the name of the schema in which the subscriber's shadow stands."""
    return f"shadow_{subscriber.name}"[:63]


@contextmanager
def as_owner() -> Iterator[None]:
    """Have this thread's default connection be the owner's: what a handler does and a change of tables are one commit then."""
    if "owner" not in connections.settings:
        raise NotRebuildable("Tables are changed by their owner: set DATABASE_OWNER_URL for this command.")
    before = connections["default"]
    connections["default"] = connections["owner"]
    try:
        yield
    finally:
        connection.close_if_unusable_or_obsolete()
        connections["default"] = before


# What LIKE does not copy, or what would go with the old table when it is dropped.
_OBSTACLES = """
SELECT name, what FROM unnest(%(tables)s::text[]) AS name
CROSS JOIN LATERAL (SELECT to_regclass(format('public.%%I', name)) AS id) t
CROSS JOIN LATERAL (
    SELECT 'is no ordinary table of the schema public' AS what
        WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = t.id AND relkind = 'r' AND NOT relispartition)
    UNION ALL SELECT format('has the trigger %%s', tgname) FROM pg_trigger WHERE tgrelid = t.id AND NOT tgisinternal
    UNION ALL SELECT format('has the foreign key %%s', conname) FROM pg_constraint WHERE contype = 'f' AND conrelid = t.id
    UNION ALL SELECT format('is referred to by the foreign key %%s of %%s', conname, conrelid::regclass)
        FROM pg_constraint WHERE contype = 'f' AND confrelid = t.id AND conrelid <> t.id
    UNION ALL SELECT format('is read by the view %%s', r.ev_class::regclass)
        FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.id
    UNION ALL SELECT 'counts its ids by a serial column: make it an identity' FROM pg_attrdef
        WHERE adrelid = t.id AND pg_get_expr(adbin, adrelid) LIKE 'nextval(%%'
    UNION ALL SELECT format('has the policy %%s', polname) FROM pg_policy WHERE polrelid = t.id
    UNION ALL SELECT 'is named by a publication' FROM pg_publication_rel WHERE prrelid = t.id
) found
"""

# The names of constraints and indexes stay what they are: migrations know them by these.
_COPY = """
WITH live AS (
    SELECT c.oid AS id, c.relowner, c.reloptions, c.relacl, format('%%I.%%I', %(schema)s::text, c.relname) AS shadow,
        format('%%I.%%I', n.nspname, c.relname) AS place
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(format('public.%%I', %(table)s::text))
), rights AS (
    SELECT shadow, relowner, '' AS columns, r.* FROM live CROSS JOIN LATERAL aclexplode(relacl) r
    UNION ALL SELECT shadow, relowner, format('(%%I)', attname), r.* FROM live JOIN pg_attribute ON attrelid = id
        CROSS JOIN LATERAL aclexplode(attacl) r
)
SELECT 1, format('CREATE TABLE %%s (LIKE %%s INCLUDING ALL EXCLUDING INDEXES)', shadow, place) FROM live
UNION ALL SELECT 2, format('ALTER TABLE %%s SET (%%s)', shadow, array_to_string(reloptions, ', ')) FROM live
    WHERE reloptions IS NOT NULL
UNION ALL SELECT 3, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', shadow, conname, pg_get_constraintdef(c.oid))
    FROM live JOIN pg_constraint c ON conrelid = id WHERE contype IN ('p', 'u', 'x')
UNION ALL SELECT 4, replace(pg_get_indexdef(indexrelid), format(' ON %%s ', place), format(' ON %%s ', shadow))
    FROM live JOIN pg_index ON indrelid = id WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
UNION ALL SELECT 5, format('GRANT %%s%%s ON %%s TO %%s%%s', privilege_type, columns, shadow,
        CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE format('%%I', pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM rights WHERE grantee <> relowner
ORDER BY 1
"""

# What a migration could have changed since the shadow was made.
_SHAPE = """
SELECT md5(string_agg(what, chr(10) ORDER BY what)) FROM (SELECT oid AS id, relname, reloptions, relacl FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s::text[])) t
CROSS JOIN LATERAL (
    SELECT format('%%s %%s %%s', relname, reloptions, relacl) AS what
    UNION ALL SELECT format('%%s %%s %%s %%s %%s %%s', relname, attname, format_type(atttypid, atttypmod), attnotnull,
        attacl, (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = id AND adnum = attnum))
        FROM pg_attribute WHERE attrelid = id AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT format('%%s %%s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = id
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = id
) parts
"""


def obstacles(tables: Sequence[str]) -> list[str]:
    """Return what keeps these tables from being replaced by a copy, in words; empty if nothing does."""
    with connection.cursor() as cursor:
        cursor.execute(_OBSTACLES, {"tables": list(tables)})
        return [f"{table} {what}" for table, what in cursor.fetchall()]


def check(subscriber: Subscriber) -> None:
    """Raise NotRebuildable with everything that keeps the subscriber's tables from being rebuilt."""
    found = obstacles(subscriber.projection) if subscriber.projection else ["it declares no projection="]
    if found:
        raise NotRebuildable(f"{subscriber.name} cannot be rebuilt: {'; '.join(found)}. See docs/architecture.md.")


def create(subscriber: Subscriber) -> None:
    """Make empty shadow tables, in place of any that an earlier rebuild has left. Raises NotRebuildable."""
    check(subscriber)
    schema, role = schema_of(subscriber), settings.APPLICATION_ROLE
    with as_owner(), transaction.atomic():
        drop(subscriber)
        _run("CREATE SCHEMA {}", schema)
        _run("GRANT USAGE ON SCHEMA {} TO {}", schema, role)
        for table in subscriber.projection:
            _copy(schema, table)
        _run("CREATE TABLE {}.rebuild_position (position bigint NOT NULL, fingerprint text NOT NULL)", schema)
        _run("GRANT SELECT, UPDATE ON {}.rebuild_position TO {}", schema, role)
        with connection.cursor() as cursor:
            statement = sql.SQL("INSERT INTO {}.rebuild_position VALUES (0, %s)").format(sql.Identifier(schema))
            cursor.execute(statement, [_fingerprint(subscriber)])


def drop(subscriber: Subscriber) -> None:
    """Remove the shadow, if there is one; as the owner."""
    _run("DROP SCHEMA IF EXISTS {} CASCADE", schema_of(subscriber))


def exists(subscriber: Subscriber) -> bool:
    """Say whether there is a shadow."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", [schema_of(subscriber)])
        return bool(cursor.fetchone()[0])


def position(subscriber: Subscriber) -> int | None:
    """Return up to where the shadow is filled; None without one that was made for these types and tables as they are now."""
    if not exists(subscriber):
        return None
    table = sql.Identifier(schema_of(subscriber), "rebuild_position")
    with connection.cursor() as cursor:
        statement = sql.SQL("SELECT position FROM {} WHERE fingerprint = %s").format(table)
        cursor.execute(statement, [_fingerprint(subscriber)])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _fingerprint(subscriber: Subscriber) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_SHAPE, [list(subscriber.projection)])
        return f"{subscriber.fingerprint} {cursor.fetchone()[0]}"


def move(subscriber: Subscriber, before: int, after: int) -> None:
    """Note up to where the shadow is filled, in the transaction that filled it; somebody else's work is not taken for ours."""
    table = sql.Identifier(schema_of(subscriber), "rebuild_position")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("UPDATE {} SET position = %s WHERE position = %s").format(table), [after, before])
        if cursor.rowcount != 1:
            raise NotRebuildable(f"Somebody else rebuilds {subscriber.name} too: let only one of you do it.")


def enter(subscriber: Subscriber) -> None:
    """Have the rest of the transaction find the shadow tables where the live ones were."""
    _run("SET LOCAL search_path TO {}, public", schema_of(subscriber))


def hold_live(subscriber: Subscriber) -> None:
    """Let nobody read or write the live tables until the transaction ends; as the owner."""
    for table in sorted(subscriber.projection):
        _run("LOCK TABLE public.{} IN ACCESS EXCLUSIVE MODE", table)


def swap(subscriber: Subscriber) -> None:
    """Put the shadow tables in the place of the live ones, which are gone then; as the owner, who holds them.

    Raises NotRebuildable if the live tables were changed since the shadow was made.
    """
    if position(subscriber) is None:
        raise NotRebuildable(f"The tables of {subscriber.name} were changed meanwhile: begin anew, without --resume.")
    schema = schema_of(subscriber)
    # What is to be checked at COMMIT would stand in the way.
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    for table in subscriber.projection:
        _run("DROP TABLE public.{}", table)
        _run("ALTER TABLE {}.{} SET SCHEMA public", schema, table)
    drop(subscriber)


def _copy(schema: str, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_COPY, {"schema": schema, "table": table})
        for _, statement in cursor.fetchall():
            cursor.execute(statement)


def _run(statement: str, *names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
