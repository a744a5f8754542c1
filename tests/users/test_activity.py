"""What an act begins, decided without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users.activity import judge_act
from apps.users.languages import guess_language
from apps.users.timezones import known_timezones, local_time, offset_minutes

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def judged(at: datetime, last: datetime | None, timezone: str = "UTC") -> tuple[bool, bool, int | None]:
    """Return first_of_day, logged_in and days_away of an act after the last one."""
    touched = judge_act(
        occurred_at=at,
        local=local_time(at, timezone),
        last_act_at=last,
        last_active_date=local_time(last, timezone).date() if last else None,
    )
    return touched.first_of_day, touched.logged_in, touched.days_away


def test_the_first_act_ever_begins_a_day_and_a_visit() -> None:
    assert judged(NOON, None) == (True, True, None)


@pytest.mark.parametrize(("minutes", "logged_in"), [(29, False), (30, True), (31, True)])
def test_half_an_hour_of_silence_makes_a_visit(minutes: int, logged_in: bool) -> None:
    assert judged(NOON, NOON - timedelta(minutes=minutes)) == (False, logged_in, None)


@pytest.mark.parametrize(("days", "away"), [(1, None), (6, None), (7, 7), (40, 40)])
def test_a_week_away_makes_a_return(days: int, away: int | None) -> None:
    assert judged(NOON, NOON - timedelta(days=days)) == (True, True, away)


def test_midnight_is_local() -> None:
    before, after = datetime(2026, 11, 22, 20, 59, tzinfo=UTC), datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    assert judged(after, before, "Europe/Moscow")[0]
    assert not judged(after, before, "UTC")[0]


@pytest.mark.parametrize("earlier", [timedelta(), timedelta(seconds=1), timedelta(days=9)])
def test_an_act_no_later_than_the_last_begins_nothing(earlier: timedelta) -> None:
    touched = judge_act(
        occurred_at=NOON - earlier, local=NOON - earlier, last_act_at=NOON, last_active_date=NOON.date()
    )
    assert (touched.counted, touched.first_of_day, touched.logged_in, touched.days_away) == (False, False, False, None)


def test_flying_west_does_not_begin_a_day_twice() -> None:
    last = datetime(2026, 11, 22, 1, tzinfo=UTC)
    touched = judge_act(
        occurred_at=NOON,
        local=local_time(NOON, "Pacific/Honolulu"),
        last_act_at=last,
        last_active_date=local_time(last, "Asia/Tokyo").date(),
    )
    assert touched.local_time.date() == datetime(2026, 11, 22).date()  # noqa: DTZ001
    assert not touched.first_of_day


@given(
    st.lists(st.integers(1, 3 * 24 * 60), min_size=1, max_size=60),
    st.sampled_from(["UTC", "Europe/Madrid", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"]),
)
def test_each_local_day_with_an_act_begins_once(gaps_minutes: list[int], timezone: str) -> None:
    at, last, begun, lived = datetime(2026, 3, 1, tzinfo=UTC), None, [], set()
    for gap in gaps_minutes:
        at += timedelta(minutes=gap)
        if judged(at, last, timezone)[0]:
            begun.append(local_time(at, timezone).date())
        lived.add(local_time(at, timezone).date())
        last = at
    assert begun == sorted(lived)


@pytest.mark.parametrize(
    ("moment", "timezone", "minutes"),
    [
        (datetime(2026, 7, 1, tzinfo=UTC), "Europe/Madrid", 120),
        (datetime(2026, 12, 1, tzinfo=UTC), "Europe/Madrid", 60),
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "Europe/Madrid", 60),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), "Europe/Madrid", 120),
        (datetime(2026, 12, 1, tzinfo=UTC), "Asia/Kathmandu", 345),
        (datetime(2026, 12, 1, tzinfo=UTC), "America/St_Johns", -210),
        (datetime(2026, 12, 1, tzinfo=UTC), "Mars/Olympus_Mons", 0),
        (datetime(1800, 1, 1, tzinfo=UTC), "America/New_York", -297),
    ],
)
def test_the_offset_is_the_one_of_that_moment(moment: datetime, timezone: str, minutes: int) -> None:
    assert offset_minutes(moment, timezone) == minutes


def test_known_timezones_are_names_and_no_paths() -> None:
    assert "Europe/Madrid" in known_timezones()
    assert not {"../etc/passwd", "/etc/localtime", "localtime", "posixrules", ""} & known_timezones()


@pytest.mark.parametrize(
    ("code", "language"),
    [("es-419", "es"), ("ES", "es"), ("ru", "ru"), ("ru_RU", "ru"), ("pt-br", "en"), ("", "en"), (None, "en")],
)
def test_the_language_is_guessed_from_the_client(code: str | None, language: str) -> None:
    assert guess_language(code) == language
