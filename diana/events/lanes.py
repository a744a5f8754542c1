"""Which lane an event takes: a stable hash of its key, so that one person's events keep their order."""

import zlib

from django.conf import settings

# Stored with the log and compared before anything is published or drained (agreement.py): another number would break
# the order of what waits. `manage.py change_lanes` changes it.
LANES: int = settings.EVENTS_LANES
# The key of what concerns no person.
SYSTEM_KEY = "system"


def lane_of(key: str, lanes: int | None = None) -> int:
    """Return the lane of a key, 0 to LANES - 1; the same in every process and version of Python."""
    return zlib.crc32(key.encode()) % (lanes or LANES)
