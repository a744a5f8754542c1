"""The moments at which the demo and the suite are run, in UTC."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

SATURDAY, SUNDAY = 5, 6


class Moment(NamedTuple):
    """A moment and what is hard about it. `suite`: the whole suite is run then too."""

    at: datetime
    what: str
    suite: bool = False


def moments() -> list[Moment]:
    """Return them all, those of which only the kind matters in a year that has all of them."""
    return [
        Moment(datetime(2027, 5, 15, 12, 20, tzinfo=UTC), "a Saturday"),
        Moment(datetime(2027, 5, 16, 12, 20, tzinfo=UTC), "a Sunday"),
        Moment(datetime(2027, 5, 17, 0, 30, tzinfo=UTC), "Monday 00:30: what is played was Sunday"),
        Moment(datetime(2026, 12, 31, 23, 50, tzinfo=UTC), "the end of a year", suite=True),
        Moment(datetime(2028, 2, 28, 23, 50, tzinfo=UTC), "the day before a leap day", suite=True),
        Moment(last_sunday(2027, 3) + timedelta(minutes=58), "clocks are about to go forward in Europe"),
        Moment(last_sunday(2027, 10) + timedelta(minutes=58), "clocks are about to go back in Europe", suite=True),
        Moment(datetime(2027, 9, 1, 0, 5, tzinfo=UTC), "the first of a month, 00:05"),
        Moment(datetime(2031, 7, 2, 9, 41, tzinfo=UTC), "the year 2031"),
    ]


def last_sunday(year: int, month: int) -> datetime:
    """Return midnight of the last Sunday of March or October, which both have 31 days."""
    last = datetime(year, month, 31, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() - SUNDAY) % 7)


def day_of_the_other_kind(now: datetime) -> datetime:
    """Return a noon soon: on a Saturday if `now` is a weekday, on a Monday if it is on a weekend."""
    wanted = 0 if now.weekday() in (SATURDAY, SUNDAY) else SATURDAY
    return now.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=(wanted - now.weekday()) % 7)
