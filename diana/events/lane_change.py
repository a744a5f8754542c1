"""Changing the number of lanes: an operation of the owner while every process is stopped, in one transaction.

Lanes are handled side by side, so two of them can only be joined where nothing lies before their cursors. What failed
and what waits for delivery goes along under its key.
"""

from collections.abc import Callable
from typing import NamedTuple

import psycopg
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

from diana.events import log, subscriptions
from diana.events.lanes import lane_of
from diana.events.subscriptions import Subscriber

# Tables that do not follow the pattern of a key and its lane beside it.
_APPEND_ONLY, _CURSORS = "event_log", "event_cursor"
# Visits are for whoever looks on, and tell of lanes that are no more.
_FORGOTTEN = "event_visit"
KEYS_AT_ONCE = 10_000

Say = Callable[[str], None]


class NotNow(RuntimeError):
    """Something stands in the way of another number of lanes; the message says what, and what to do."""


class LaneChange(NamedTuple):
    """The number of lanes before and after, and how many rows took another lane."""

    before: int
    after: int
    events: int
    others: int


def change_lanes(after: int, *, dry_run: bool = False, force: bool = False) -> LaneChange:
    """Give log, cursors, failures and deliveries another number of lanes; raises NotNow if something stands in the way.

    All or nothing. The tables are locked against everybody; `force` ignores sessions that are connected. A dry run does
    everything and takes it back.
    """
    if not 1 <= after <= 256:
        raise NotNow(f"{after} lanes: choose 1 to 256.")
    with transaction.atomic(using="owner"):
        cursor: psycopg.Cursor = connections["owner"].cursor().cursor
        if not force:
            _refuse_sessions(cursor)
        tables = _lock_tables(cursor)
        before, position = _stand(cursor)
        _refuse_what_waits(cursor)
        _map_keys(cursor, tables, after)
        events = _move_events(cursor)
        others = sum(_move_rows(cursor, table) for table in tables if table != _APPEND_ONLY)
        _join_cursors(cursor, after, position)
        cursor.execute("UPDATE event_parameter SET value = %s WHERE name = 'lanes'", [str(after)])
        transaction.set_rollback(dry_run, using="owner")
    return LaneChange(before, after, events, others)


def _refuse_sessions(cursor: psycopg.Cursor) -> None:
    """Refuse while others work with the database as one of Diana's roles."""
    mine = [connections[alias].connection for alias in connections]
    pids = [session.info.backend_pid for session in mine if session is not None]
    roles = [*settings.DATABASE_ROLES, settings.DATABASES["owner"]["USER"]]
    cursor.execute(
        "SELECT usename, count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY(%s)"
        " AND pid <> ALL(%s) GROUP BY usename ORDER BY usename",
        [roles, pids],
    )
    found = ", ".join(f"{count} of {role}" for role, count in cursor.fetchall())
    if found:
        raise NotNow(
            f"Sessions are connected: {found}. Stop web, door, workers, relay and beat first; --force if these do not publish."
        )


def _lock_tables(cursor: psycopg.Cursor) -> list[str]:
    """Lock what knows of lanes and return the tables in which a lane stands beside its key; refuse what is unknown."""
    cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
    cursor.execute(
        "SELECT c.relname, EXISTS (SELECT FROM pg_attribute k WHERE k.attrelid = c.oid AND k.attname = 'key')"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE a.attname = 'lane' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname"
    )
    found = cursor.fetchall()
    for table, has_key in found:
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        if table == _FORGOTTEN:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        elif not has_key and table != _CURSORS:
            _refuse_rows(cursor, table)
    return [table for table, has_key in found if has_key]


def _refuse_rows(cursor: psycopg.Cursor, table: str) -> None:
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
    if cursor.fetchall()[0][0]:
        raise NotNow(
            f"{table} has lanes that cannot be recomputed: finish or cancel what it stands for, so that it is empty."
        )


def _stand(cursor: psycopg.Cursor) -> tuple[int, int]:
    """Return the number of lanes and the last id of the log; refuse a sequence that is behind."""
    cursor.execute(
        "SELECT (SELECT value::int FROM event_parameter WHERE name = 'lanes'), last_value,"
        " greatest((SELECT max(id) FROM event_log), (SELECT max(position) FROM event_cursor)) FROM event_log_id_seq"
    )
    [(lanes, given, highest)] = cursor.fetchall()
    if highest is not None and highest > given:
        raise NotNow(f"The log's sequence stands at {given}, {highest} is in use: run manage.py adopt_log first.")
    return lanes, given


def _refuse_what_waits(cursor: psycopg.Cursor) -> None:
    """Refuse while a cursor has something before it, or while cursors and code do not agree."""
    known = {s.name: s for s in subscriptions.subscribers()}
    cursor.execute("SELECT DISTINCT subscriber, fingerprint FROM event_cursor")
    cursors: list[tuple[str, str]] = cursor.fetchall()
    strange = sorted({name for name, mark in cursors if name not in known or known[name].fingerprint != mark})
    if strange:
        raise NotNow(f"Cursors of {', '.join(strange)} belong to other code: run manage.py sync_subscribers first.")
    waiting = [f"{name} has {n} events" for name, _ in sorted(cursors) if (n := _events_ahead(cursor, known[name]))]
    if waiting:
        raise NotNow(f"Events wait to be handled: {', '.join(waiting)}. Start the workers until bus_status shows none.")


def _events_ahead(cursor: psycopg.Cursor, subscriber: Subscriber) -> int:
    """Count what lies before the subscriber's cursors and is its own, or would be if this code knew the type."""
    wanted, values = log.wanted_condition(subscriber)
    ahead = (
        "FROM event_cursor c JOIN event_log e ON e.lane = c.lane AND e.id > c.position WHERE c.subscriber = %(name)s"
    )
    cursor.execute(f"SELECT count(*) {ahead} AND {wanted}".encode(), values | {"name": subscriber.name})
    count: int = cursor.fetchall()[0][0]
    cursor.execute(f"SELECT type, count(*) {ahead} GROUP BY type".encode(), {"name": subscriber.name})
    types: dict[str, int] = dict(cursor.fetchall())
    return count + sum(types[t] for t in log.unknown_types(set(types), subscriber.patterns))


def _map_keys(cursor: psycopg.Cursor, tables: list[str], after: int) -> None:
    """Fill a table of the transaction's own with the new lane of every key; in parts, because there may be many."""
    cursor.execute("CREATE TEMPORARY TABLE new_lane (key text PRIMARY KEY, lane smallint NOT NULL) ON COMMIT DROP")
    keys = sql.SQL(" UNION ").join(sql.SQL("SELECT key FROM {}").format(sql.Identifier(table)) for table in tables)
    reader = cursor.connection.cursor("keys_of_lanes")
    writer = cursor.connection.cursor()
    with reader:
        reader.execute(keys)
        while rows := reader.fetchmany(KEYS_AT_ONCE):
            with writer.copy("COPY new_lane (key, lane) FROM STDIN") as copy:
                for (key,) in rows:
                    copy.write_row((key, lane_of(key, after)))
    cursor.execute("ANALYZE new_lane")


def _move_events(cursor: psycopg.Cursor) -> int:
    """Rewrite the lanes of the log, whose wall is down for the length of this statement and for nobody else."""
    cursor.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_append_only")
    moved = _move_rows(cursor, _APPEND_ONLY)
    cursor.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER event_log_append_only")
    return moved


def _move_rows(cursor: psycopg.Cursor, table: str) -> int:
    statement = sql.SQL("UPDATE {} t SET lane = n.lane FROM new_lane n WHERE n.key = t.key AND n.lane <> t.lane")
    cursor.execute(statement.format(sql.Identifier(table)))
    return cursor.rowcount


def _join_cursors(cursor: psycopg.Cursor, after: int, position: int) -> None:
    """Put each subscriber's cursors at the end of the log, one for each new lane; what was counted stands in the first."""
    cursor.execute(
        "CREATE TEMPORARY TABLE joined ON COMMIT DROP AS SELECT subscriber, min(fingerprint) AS fingerprint,"
        " sum(handled)::bigint AS handled, sum(rescued)::bigint AS rescued FROM event_cursor GROUP BY subscriber"
    )
    cursor.execute("DELETE FROM event_cursor")
    cursor.execute(
        "INSERT INTO event_cursor (subscriber, lane, position, fingerprint, handled, rescued)"
        " SELECT subscriber, lane, %(position)s, fingerprint, CASE lane WHEN 0 THEN handled ELSE 0 END,"
        " CASE lane WHEN 0 THEN rescued ELSE 0 END FROM joined, generate_series(0, %(last)s::int) AS lane",
        {"position": position, "last": after - 1},
    )
