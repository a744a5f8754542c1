"""One poller for each database: a lock of the session that keeps the updates, so that both are lost together."""

from typing import Any

from django.db import connection

from diana.lock_classes import LockClass


class AnotherPoller(Exception):
    """Another process polls already: end that one, or this one is not needed."""


class PollerLock:
    """The lock, held by this thread's database connection until that closes."""

    def __init__(self) -> None:
        self._session: Any = None

    def hold(self) -> None:
        """See that this session lives and holds the lock, or take it. Raises AnotherPoller, and what the database raises."""
        connection.ensure_connection()
        with connection.cursor() as cursor:
            if self.is_held():
                cursor.execute("SELECT 1")
                return
            cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [LockClass.POLLER])
            if not cursor.fetchone()[0]:
                raise AnotherPoller(f"Another process polls for this database{_holder(cursor)}: one is enough.")
        self._session = connection.connection

    def is_held(self) -> bool:
        """Say whether this thread still has the connection that took the lock; asks nobody."""
        return self._session is not None and connection.connection is self._session and not self._session.closed


def _holder(cursor: Any) -> str:
    """Return who holds the lock, in words for the message; "" if it has just gone."""
    cursor.execute(
        "SELECT a.application_name, a.client_addr::text, a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = %s::oid AND l.granted"
        " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [LockClass.POLLER],
    )
    row = cursor.fetchone()
    return f" already ({row[0]} on {row[1] or 'this machine'}, PostgreSQL session {row[2]})" if row else ""
