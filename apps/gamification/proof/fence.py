"""Up to which id a book is complete: an entry with a lower id may be committed later than one with a higher id.

Whoever takes an id from a sequence holds a lock on that sequence until its transaction ends (RowExclusiveLock, taken by
nextval, also for a default, and kept when a savepoint is rolled back). So PostgreSQL itself knows who may still commit an
entry, and writing entries costs nothing for it. Ids up to the last one given out are final once everybody has ended who
held the lock after that id was read. Transactions elsewhere do not matter.
"""

import logging
import time
from typing import NamedTuple

from django.db import connection

from apps.gamification.proof.books import LEDGER, Book

logger = logging.getLogger(__name__)

# Not called yet, a sequence shows the value that it will give out first.
_GIVEN = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {}"
_HOLDERS = """
SELECT l.pid, l.virtualtransaction, coalesce(nullif(a.application_name, ''), '?')
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'RowExclusiveLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.relation = %s::regclass AND l.pid IS DISTINCT FROM pg_backend_pid()
"""
PAUSE_SECONDS = 0.02


class Holder(NamedTuple):
    """An open transaction that has taken an id; `transaction` is its name, never used twice while the server runs."""

    pid: int | None
    transaction: str
    application: str


class StillOpen(RuntimeError):
    """A transaction that writes entries or audit records has been open for too long: nothing above the last seal is final yet."""


def bound(*, patience: float, book: Book = LEDGER) -> int:
    """Return an id below or at which no entry can appear any more, waiting so many seconds for those who may still commit.

    Read the entries in a statement after this one. What the own transaction has written counts as there. READ COMMITTED
    only. Raises StillOpen.
    """
    deadline = time.monotonic() + patience
    given = _given(book)
    waiting = holders(book)
    while waiting:
        if time.monotonic() >= deadline:
            names = ", ".join(sorted(f"{h.application} (process {h.pid})" for h in waiting))
            raise StillOpen(f"{StillOpen.__doc__} Open: {names}.")
        time.sleep(PAUSE_SECONDS)
        waiting &= holders(book)
    return given


def holders(book: Book = LEDGER) -> set[Holder]:
    """Return the other transactions that hold an id of the book's."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS, [book.sequence])
        return {Holder(*row) for row in cursor.fetchall()}


def _given(book: Book) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN.format(book.sequence))
        given: int = cursor.fetchone()[0]
        return given
