"""Advisory locks of the bus: one for each lane of a subscriber, one for each process that sends. Taken, never waited for."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection

# Kinds of locks of two numbers are listed in diana/lock_classes.py. The lanes' single numbers lie below 2^61; the fence
# of the log uses 2^62 and above (migration 0003).


def lane_key(subscriber: str, lane: int) -> int:
    """Return the lock's number, below 2^61, the same in every process."""
    digest = hashlib.blake2b(f"{subscriber}/{lane}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 3


def held_by_others(subscribers: Sequence[str], lanes: Sequence[int], *, pids: Sequence[int]) -> bool:
    """Say whether a session but these (by PostgreSQL's process ids) holds any of the subscribers' lanes at this moment."""
    keys = [lane_key(subscriber, lane) for subscriber in subscribers for lane in lanes]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
            " AND (classid::bigint << 32) | objid::bigint = ANY(%s::bigint[]) AND pid <> ALL(%s::int[])"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [keys, list(pids)],
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def lane_lock(subscriber: str, lane: int) -> Iterator[bool]:
    """Try to take one lane for this session; yields whether it was free. It ends with the block or the connection."""
    with lane_locks(subscriber, [lane]) as held:
        yield bool(held)


@contextmanager
def lane_locks(subscriber: str, lanes: Sequence[int]) -> Iterator[list[int]]:
    """Try to take these lanes for this session; yields those that were free, in ascending order.

    It keeps two workers from doing the same work; what makes an effect happen once is the cursor row's lock.
    """
    keys = {lane_key(subscriber, lane): lane for lane in lanes}
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, pg_try_advisory_lock(key) FROM unnest(%s::bigint[]) AS key", [list(keys)])
        held = [key for key, free in cursor.fetchall() if free]
    try:
        yield sorted(keys[key] for key in held)
    finally:
        if held and connection.connection is not None and not connection.connection.closed:
            _unlock(held)


def _unlock(keys: Sequence[int]) -> None:
    """Give the lanes back; where that fails the connection goes, and the locks with it: the work itself was done."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(key) FROM unnest(%s::bigint[]) AS key", [list(keys)])
    except (DatabaseError, InterfaceError):
        connection.close()
