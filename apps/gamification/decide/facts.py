"""What the core sees of an event: a type, a moment, a place in the log and plain fields."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.date().toordinal()
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
HOUR = 3_600_000_000
DAY = 24 * HOUR
MINUTE = 60_000_000


def microseconds(moment: datetime) -> int:
    """Return an aware moment as whole microseconds since 1970, exactly."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(at: int) -> datetime:
    """Return the moment of so many microseconds since 1970, exactly."""
    return EPOCH + at * MICROSECOND


def day_number(day: date) -> int:
    """Return a calendar date as days since 1970."""
    return day.toordinal() - EPOCH_ORDINAL


def date_of(number: int) -> date:
    """Return the calendar date of a day number."""
    return date.fromordinal(number + EPOCH_ORDINAL)


class Fact(msgspec.Struct, frozen=True):
    """One thing that happened to one person. `at` is in microseconds since 1970, `hour` and `day` number windows.

    `hour` is a clock hour in UTC, `day` the date on the person's wall, both counted from 1970; `minute` is the minute of
    that day.
    """

    position: int
    event_id: UUID
    type: str
    at: int
    hour: int
    day: int
    fields: dict[str, Any]
    # minutes ahead of UTC, and since midnight on the person's wall
    offset: int = 0
    minute: int = 0


def fact(
    *,
    position: int,
    event_id: UUID,
    type: str,
    at: int,
    utc_offset_minutes: int,
    fields: dict[str, Any],
) -> Fact:
    """Build a fact; the windows it falls into are computed once, here."""
    day, since_midnight = divmod(at + utc_offset_minutes * MINUTE, DAY)
    minute = since_midnight // MINUTE
    return Fact(position, event_id, type, at, at // HOUR, day, fields, utc_offset_minutes, minute)
