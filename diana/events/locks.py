"""Advisory locks of the bus: one for each lane of a subscriber, one for each process that sends. Taken, never waited for."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Kinds of locks live below 2^61; the fence of the log uses 2^62 and above (migration 0003).
SENDER_CLASS = 7_301


def lane_key(subscriber: str, lane: int) -> int:
    """Return the lock's number, below 2^61, the same in every process."""
    digest = hashlib.blake2b(f"{subscriber}/{lane}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 3


@contextmanager
def lane_lock(subscriber: str, lane: int) -> Iterator[bool]:
    """Try to take the lane for this session; yields whether it was free. It ends with the block or the connection.

    It keeps two workers from doing the same work; what makes an effect happen once is the cursor row's lock.
    """
    key = lane_key(subscriber, lane)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
