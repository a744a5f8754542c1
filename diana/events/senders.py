"""Which processes send: each claims deliveries under a number whose advisory lock says that it is alive."""

import os
import random
import threading
import time

import psycopg
from django.db import connection

from diana.events import connections
from diana.lock_classes import LockClass


class _Owner:
    """This process's name as a sender and the connection whose lock says that it is alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._identity = 0
        self._seen_at = 0.0
        self._connection: psycopg.Connection | None = None

    def identity(self) -> int:
        """Return the number under which this process claims; takes its lock at the first call and after a lost connection."""
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._connection = os.getpid(), None
            if self._connection is None or not self._alive():
                self._connect()
            self._seen_at = time.monotonic()
            return self._identity

    def _alive(self) -> bool:
        """Ask the connection, if it rested for long; to lose the lock costs at most a message that is sent twice."""
        assert self._connection is not None
        if time.monotonic() - self._seen_at < connections.RESTED_SECONDS and not self._connection.closed:
            return True
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def _connect(self) -> None:
        parameters = connection.get_connection_params()
        keys = ("host", "port", "user", "password", "dbname")
        self._connection = psycopg.connect(
            **{key: parameters[key] for key in keys if key in parameters},
            autocommit=True,
            application_name="diana-sender",
        )
        self._identity = random.SystemRandom().randrange(1, 2**31 - 1)
        self._connection.execute("SELECT pg_advisory_lock(%s, %s)", (LockClass.SENDER, self._identity))


_owner = _Owner()


def identity() -> int:
    """Return the number under which this process claims deliveries."""
    return _owner.identity()
