"""The moments of `make calendar` are of the kinds that they say, and the demo expects what each of them brings."""

from datetime import UTC, datetime, timedelta

import pytest

from calendar_runs.moments import day_of_the_other_kind, last_sunday, moments
from demo.conversation import start_of_conversation
from demo.effects import read_expected


def test_they_are_of_all_kinds() -> None:
    at = [moment.at for moment in moments()]
    assert {one.weekday() for one in at} >= {0, 5, 6}
    assert {(2028, 2, 28, 23, 50), (2026, 12, 31, 23, 50)} <= {(*one.timetuple()[:5],) for one in at}
    assert {one.month for one in at if one.weekday() == 6 and one + timedelta(7) > one.replace(day=28)} >= {3, 10}
    assert 2031 in {one.year for one in at}
    assert (1, 0, 5) in {(one.day, one.hour, one.minute) for one in at}
    assert sum(moment.suite for moment in moments()) == 3


@pytest.mark.parametrize(("year", "march", "october"), [(2026, 29, 25), (2027, 28, 31), (2028, 26, 29)])
def test_the_last_sundays_are_those_of_the_calendar(year: int, march: int, october: int) -> None:
    assert [last_sunday(year, month).day for month in (3, 10)] == [march, october]


@pytest.mark.parametrize("day", range(1, 15))
def test_the_other_kind_of_day_is_the_other_and_soon(day: int) -> None:
    today = datetime(2026, 11, day, 17, 45, tzinfo=UTC)
    other = day_of_the_other_kind(today)
    assert (other.weekday() > 4) != (today.weekday() > 4)
    assert today - timedelta(days=1) < other < today + timedelta(days=7)


def test_what_is_played_on_monday_at_half_past_midnight_was_a_weekends() -> None:
    monday = next(moment.at for moment in moments() if moment.what.startswith("Monday"))
    played = datetime.fromtimestamp(start_of_conversation(monday), UTC).date()
    expected = read_expected()
    assert expected.on(played) != expected
    assert expected.on(monday.date()) == expected
