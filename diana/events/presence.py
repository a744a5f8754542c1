"""Who runs a relay: a lock of its session says that it is there, the session's last statement that it is awake.

Nothing is written for it: both stand in PostgreSQL's own views, and they end with the process or its connection.
"""

from typing import Any, NamedTuple

from django.db import connection

# Kinds of locks of two numbers: see locks.py.
RELAY_CLASS = 7_302

_announced: dict[str, Any] = {}


class Relay(NamedTuple):
    """A relay that is there: its session, and the seconds since its last statement."""

    pid: int
    idle_seconds: float


def announce() -> None:
    """Say, for as long as this thread's connection lives, that a relay runs; costs a statement for each connection."""
    connection.ensure_connection()
    if _announced.get("connection") is not connection.connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock_shared(%s, 0)", [RELAY_CLASS])
        _announced["connection"] = connection.connection


def relays() -> list[Relay]:
    """Return the relays of this database, the most awake first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.pid, greatest(0, CASE WHEN a.state = 'active' THEN extract(epoch FROM clock_timestamp() - a.query_start)"
            " ELSE extract(epoch FROM clock_timestamp() - a.state_change) END)::float AS idle"
            " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = %s::oid AND l.granted"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY idle",
            [RELAY_CLASS],
        )
        return [Relay(*row) for row in cursor.fetchall()]
