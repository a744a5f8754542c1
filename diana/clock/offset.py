"""Moves domain time outside production: the offset stands in the SQL function diana_now(), and in a file for the processes.

The database's offset is the true one, because its rows were written with it; `manage.py release` brings the file in line.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg
from django.conf import settings
from django.db import connections, transaction
from django.db.utils import ProgrammingError

from diana import clock
from diana.lock_classes import LockClass

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Since 1970, as durations: moments so far away could not be computed with.
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) - EPOCH for year in (2000, 2200))
# Beyond the time for which a process may use what it has read.
MARGIN_SECONDS = 0.1


class ClockRefused(RuntimeError):
    """The clock cannot be moved as asked; the message says why."""


class Offsets(NamedTuple):
    """How far domain time is ahead of real time in the database, and in the file that the processes read."""

    database: timedelta
    file: timedelta


def read_offsets() -> Offsets:
    """Return both; they differ if the file belongs to another database. Raises ClockRefused, clock.UnreadableOffset."""
    return Offsets(database_offset(), clock.read_offset(offset_file()))


def database_offset(alias: str = "default") -> timedelta:
    """Return the offset of the database; raises ClockRefused if it was not migrated."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT diana_now() - statement_timestamp()")
            found: timedelta = cursor.fetchone()[0]
            return found
    except ProgrammingError as error:
        raise ClockRefused("The database has no diana_now(): run `manage.py release` first.") from error


def set_offset(wanted: timedelta) -> Offsets:
    """Move domain time to this distance from real time; raises ClockRefused in production, and backwards over events.

    When it returns, no process of this DIANA_STATE_DIR answers with the former offset any more, dead, idle or stopped as it
    may be: each uses what it has read for LOOK_SECONDS, and that is waited for here. A second call changes nothing.
    """
    if settings.PRODUCTION:
        raise ClockRefused("The clock of a production deployment is not moved.")
    if not EARLIEST <= wanted + (clock.real_now() - EPOCH) <= LATEST:
        raise ClockRefused("The clock is moved within the years 2000 to 2199.")
    with _alone() as check:
        _move_database(wanted)
        check()
        clock.write_offset(offset_file(), wanted)
    time.sleep(clock.LOOK_SECONDS + MARGIN_SECONDS)
    return read_offsets()


def align_file() -> Offsets:
    """Bring the file in line with the database and return what both were before; in production there is no file to write."""
    before = read_offsets() if offset_file_is_readable() else Offsets(database_offset(), timedelta())
    if not settings.PRODUCTION:
        clock.write_offset(offset_file(), before.database)
    return before


def offset_file() -> Path:
    """Return where the processes of this deployment look."""
    return Path(settings.STATE_DIR) / clock.FILE_NAME


def offset_file_is_readable() -> bool:
    """Say whether the file is missing or in order."""
    try:
        clock.read_offset(offset_file())
    except clock.UnreadableOffset:
        return False
    return True


def function_with_offset(value: timedelta = timedelta()) -> str:
    """Return the statement that makes diana_now() with this offset. Its body is bound to pg_catalog when it is made."""
    microseconds = value // timedelta(microseconds=1)
    ahead = f" + interval '{microseconds} microseconds'" if microseconds else ""
    return (
        "CREATE OR REPLACE FUNCTION diana_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE"
        f" RETURN statement_timestamp(){ahead}"
    )


@contextmanager
def _alone() -> Iterator[Callable[[], None]]:
    """Keep others from moving the clock meanwhile; yields a function that raises ClockRefused if nobody does any more.

    The lock is the session's: where that ends another command may come between.
    """
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 0)", [LockClass.CLOCK])
        session = cursor.connection

        def check() -> None:
            try:
                session.execute("SELECT 1")
            except psycopg.Error as error:
                raise ClockRefused(
                    "The database session ended while the clock was moved, and another command may have moved it: run the"
                    " command again."
                ) from error

        try:
            yield check
        finally:
            if not session.closed:
                session.execute("SELECT pg_advisory_unlock(%s, 0)", [LockClass.CLOCK])


def _move_database(wanted: timedelta) -> None:
    """Replace the function, as the owner, unless that would turn time back behind an event."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        before = database_offset("owner")
        if wanted < before:
            # Whoever publishes meanwhile waits, so that none slips in between the question and the commit.
            cursor.execute("LOCK TABLE event_log IN SHARE MODE")
            cursor.execute("SELECT EXISTS (SELECT FROM event_log)")
            if cursor.fetchone()[0]:
                raise ClockRefused(
                    f"The clock is {describe(before)}, and the log has events: from the first one on it only goes forward."
                    " Begin with an empty database (`make clean`) to set it back."
                )
        if wanted != before:
            cursor.execute(function_with_offset(wanted))


def describe(value: timedelta) -> str:
    """Return the offset in words."""
    if not value:
        return "not moved"
    days, rest = divmod(abs(value), timedelta(days=1))
    parts = [f"{days} days" if days else "", str(rest) if rest else ""]
    return f"{' '.join(filter(None, parts))} {'ahead' if value > timedelta() else 'behind'}"
