"""Which lane an event takes: a stable hash of its key, so that one person's events keep their order."""

import zlib

# Stored with the log and checked at start: another number would break the order of what waits.
LANES = 16
# The key of what concerns no person.
SYSTEM_KEY = "system"


def lane_of(key: str) -> int:
    """Return the lane of a key, 0 to LANES - 1; the same in every process and version of Python."""
    return zlib.crc32(key.encode()) % LANES
