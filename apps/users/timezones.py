"""What the clock on a person's wall says; pure but for the zone files of the system."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

# Files beside the zones that mean another one on every machine.
_NOT_PLACES = {"localtime", "posixrules", "Factory"}


@lru_cache(maxsize=1)
def known_timezones() -> frozenset[str]:
    """Return every IANA name this machine knows; the zone files are searched once per process."""
    return frozenset(available_timezones()) - _NOT_PLACES


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo:
    """Return the zone; UTC for a name that only another machine's files know."""
    return ZoneInfo(name) if name in known_timezones() else UTC


def local_time(moment: datetime, timezone: str) -> datetime:
    """Return the moment by the local clock."""
    return moment.astimezone(_zone(timezone))


def offset_minutes(moment: datetime, timezone: str) -> int:
    """Return how far the local clock is ahead of UTC at that moment, in whole minutes."""
    return (local_time(moment, timezone).utcoffset() or timedelta()) // timedelta(minutes=1)
