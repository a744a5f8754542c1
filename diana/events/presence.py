"""Who runs a relay, who a worker: a lock of a session says that it is there, the session's last statement that it is awake.

Nothing is written for it: both stand in PostgreSQL's own views, and they end with the process or its connection.
"""

import contextlib
import threading
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, connection

from diana.lock_classes import LockClass

# Each thread has a connection, and a lock is its session's.
_announced = threading.local()


class Relay(NamedTuple):
    """A relay that is there: its session, and the seconds since its last statement."""

    pid: int
    idle_seconds: float


def announce() -> None:
    """Say, for as long as this thread's connection lives, that a relay runs; costs a statement for each connection."""
    _take_lock(LockClass.RELAY)


def announce_worker() -> None:
    """Say so of a worker, from its first task on; where the database is away, the next task does."""
    with contextlib.suppress(DatabaseError, InterfaceError):
        _take_lock(LockClass.WORKER)


def _take_lock(kind: int) -> None:
    connection.ensure_connection()
    if getattr(_announced, "connection", None) is not connection.connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock_shared(%s, 0)", [kind])
        _announced.connection = connection.connection


def worker_runs() -> bool:
    """Say whether any worker is connected to this database: one that has had a task since it began."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT {_HOLDERS})", [LockClass.WORKER])
        return bool(cursor.fetchone()[0])


_HOLDERS = """
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = %s::oid AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def relays() -> list[Relay]:
    """Return the relays of this database, the most awake first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.pid, greatest(0, CASE WHEN a.state = 'active' THEN extract(epoch FROM clock_timestamp() - a.query_start)"
            # Without pg_read_all_stats another role's session is seen, and not how long it rests: its lock says that it lives.
            f" ELSE coalesce(extract(epoch FROM clock_timestamp() - a.state_change), 0) END)::float AS idle {_HOLDERS}"
            " ORDER BY idle",
            [LockClass.RELAY],
        )
        return [Relay(*row) for row in cursor.fetchall()]
