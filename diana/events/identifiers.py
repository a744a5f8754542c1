"""UUIDs of version 7 (RFC 9562): globally unique and sorted by time, so that indexes on them grow at the end."""

import os
from datetime import datetime, timedelta
from uuid import UUID

from diana import clock
from diana.events.envelope import EPOCH


def uuid7() -> UUID:
    """Return a new identifier; its first 48 bits are the milliseconds since 1970, the rest is random."""
    random = int.from_bytes(os.urandom(10), "big")
    # Real time: indexes grow at the end also after a moved clock was reset, and traces read it back (time_of).
    milliseconds = (clock.real_now() - EPOCH) // timedelta(milliseconds=1)
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def time_of(identifier: UUID) -> datetime | None:
    """Return when an identifier of version 7 was made, in real time and whole milliseconds.

    None for any other version, and for one that was given to us with a moment beyond the year 9999.
    """
    if identifier.version != 7:
        return None
    try:
        return EPOCH + timedelta(milliseconds=identifier.int >> 80)
    except OverflowError:
        return None
