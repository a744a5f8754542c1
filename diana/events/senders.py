"""Which processes send: each claims deliveries under a number whose advisory lock says that it is alive.

The lock is a session's. A session that ends (a restart of the server, a pooler, a time limit) is replaced at once under the
same number, by a thread that waits for its end; what is claimed meanwhile is checked by the claim's own statement.
"""

import logging
import os
import random
import select
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
from django.db import connection

from diana.lock_classes import LockClass

logger = logging.getLogger(__name__)

# How often the session is asked whether it lives; its end is noticed at once, a silent network at the next question.
ASKED_SECONDS = 30.0
LOOK_MILLISECONDS = 1000
RETRY_SECONDS = 0.05
# The lock of a session that PostgreSQL has not seen end is waited for so long; then the process takes another number.
LOCK_MILLISECONDS = 300

# Takes the lock for the moment of the statement, which only fails where a session has it: cheaper than reading pg_locks.
HELD = f"(NOT pg_try_advisory_xact_lock_shared({LockClass.SENDER:d}, %(owner)s::int))"


class _Owner:
    """This process's number as a sender and the session whose lock says that it is alive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._identity = 0
        self._place: tuple[object, ...] = ()
        self._parameters: dict[str, Any] = {}
        self._session: psycopg.Connection | None = None
        self._watcher: threading.Thread | None = None

    def identity(self) -> int:
        """Return the number under which this process claims; the first call takes its lock. The claim checks it."""
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._identity, self._session, self._watcher = os.getpid(), 0, None, None
            if self._session is None or self._place != _place():
                self._connect()
            if self._watcher is None or not self._watcher.is_alive():
                self._watcher = threading.Thread(target=self._watch, name="diana-sender", daemon=True)
                self._watcher.start()
            return self._identity

    def renew(self, number: int) -> None:
        """Take a new session, because a claim has found that no session holds the lock of this number."""
        with self._lock:
            if self._identity == number:
                self._connect()

    def _connect(self) -> None:
        """Open a session and take the lock: of the present number, or of another where a session has that still."""
        before, self._session = self._session, None
        if before is not None:
            with suppress(psycopg.Error):
                before.close()
        if threading.current_thread() is not self._watcher:
            self._place, self._parameters = _place(), _parameters()
        session = psycopg.connect(**self._parameters, autocommit=True, application_name="diana-sender")
        try:
            self._identity = _take_lock(session, self._identity)
        except BaseException:
            session.close()
            raise
        self._session = session

    def _watch(self) -> None:
        """Replace each session when it ends; returns when none could be had for long, or in a forked child."""
        pid, waits = os.getpid(), _waits()
        while self._pid == pid:
            session = self._session
            if session is not None and self._lives(session):
                waits = _waits()
            elif self._replace(session):
                logger.warning("the session of the sender had ended; it has a new one")
            elif (seconds := next(waits, None)) is None:
                return
            else:
                time.sleep(seconds)

    def _lives(self, session: psycopg.Connection) -> bool:
        """Wait until the server says something, which is the end, or for ASKED_SECONDS; then ask."""
        until = time.monotonic() + ASKED_SECONDS
        try:
            ready = select.poll()
            ready.register(session.fileno(), select.POLLIN)
            while time.monotonic() < until and not ready.poll(LOOK_MILLISECONDS):
                if self._session is not session:
                    return True
            session.execute("SELECT 1")
        except (psycopg.Error, OSError, ValueError):
            return False
        return True

    def _replace(self, ended: psycopg.Connection | None) -> bool:
        """Take a new session unless a claim was faster; say whether there is one."""
        with self._lock:
            if self._session is not ended or self._pid != os.getpid():
                return True
            try:
                self._connect()
            except psycopg.Error:
                return False
        return True


def _waits() -> Iterator[float]:
    """Yield how long to wait between attempts at a session: 50 ms at first, half a second later, ten minutes in all."""
    yield from (RETRY_SECONDS,) * 10
    yield from (10 * RETRY_SECONDS,) * 1200


def _place() -> tuple[object, ...]:
    """Return which database this process works with: a lock in another one says nothing."""
    return tuple(connection.settings_dict[key] for key in ("HOST", "PORT", "NAME"))


def _parameters() -> dict[str, Any]:
    """Return how this process reaches the database, without what concerns Django's sessions alone."""
    given = connection.get_connection_params()
    keys = ("host", "port", "user", "password", "dbname", "connect_timeout")
    return {key: given[key] for key in keys if key in given} | _ssl(given)


def _ssl(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key.startswith("ssl")}


def _take_lock(session: psycopg.Connection, number: int) -> int:
    """Take the lock of this number, or of a new one; return which."""
    if number:
        session.execute("SELECT set_config('lock_timeout', %s, false)", [str(LOCK_MILLISECONDS)])
        with suppress(psycopg.errors.LockNotAvailable):
            session.execute("SELECT pg_advisory_lock(%s, %s)", [LockClass.SENDER, number])
            return number
    number = random.SystemRandom().randrange(1, 2**31 - 1)
    session.execute("SELECT pg_advisory_lock(%s, %s)", [LockClass.SENDER, number])
    return number


_owner = _Owner()


def identity() -> int:
    """Return the number under which this process claims deliveries."""
    return _owner.identity()


def renew(number: int) -> None:
    """Take a new session, because a claim has found that no session holds the lock of this number."""
    _owner.renew(number)
