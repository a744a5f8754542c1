"""When a notice may be told: by the person's own clock, wherever and whenever clocks are turned."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.bot.notices.planning import DIGEST, DIGEST_KINDS, KINDS, RECEIPTS, due_at, end_of_quiet, wanted
from apps.users.preferences import Preferences

MINUTE = timedelta(minutes=1)
ZONES = (
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Nuuk",
)
hours = st.integers(0, 23)
moments = st.integers(1_324_339_200, 1_830_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def clock(zone: str) -> Callable[[datetime], datetime]:
    return lambda moment: moment.astimezone(ZoneInfo(zone))


def first_loud_minute(moment: datetime, zone: str, preferences: Preferences) -> datetime:
    """The same, minute by minute: slow, and plainly right."""
    while preferences.is_quiet(moment.astimezone(ZoneInfo(zone)).hour):
        moment = (moment + MINUTE).replace(second=0, microsecond=0)
    return moment


@given(moments, st.sampled_from(ZONES), hours, hours)
@example(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "Europe/Madrid", 22, 2)  # the hour from 2 to 3 is not there
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Madrid", 22, 3)  # the hour from 2 to 3 is there twice
@example(datetime(2026, 10, 3, 15, 10, tzinfo=UTC), "Australia/Lord_Howe", 22, 2)  # half an hour is not there
@example(datetime(2011, 12, 30, 9, 59, tzinfo=UTC), "Pacific/Apia", 22, 8)  # a day is not there
def test_a_notice_waits_for_the_first_hour_that_is_not_quiet(
    moment: datetime, zone: str, from_: int, until: int
) -> None:
    preferences = Preferences(quiet_from=from_, quiet_until=until)
    due = end_of_quiet(moment, clock(zone), preferences)
    assert due == first_loud_minute(moment, zone, preferences)
    assert not preferences.is_quiet(due.astimezone(ZoneInfo(zone)).hour)


@given(moments, st.sampled_from(ZONES), st.sampled_from(RECEIPTS), hours, hours)
def test_a_receipt_waits_for_nothing(moment: datetime, zone: str, kind: str, from_: int, until: int) -> None:
    assert due_at(kind, moment, clock(zone), Preferences(quiet_from=from_, quiet_until=until), None) == moment


@pytest.mark.parametrize("kind", DIGEST_KINDS)
def test_a_digest_gathers_for_ten_minutes_from_its_first(kind: str) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    first = due_at(kind, noon, clock("UTC"), Preferences(), None)
    assert first == noon + DIGEST == noon + timedelta(minutes=10)
    assert due_at(kind, noon + 9 * MINUTE, clock("UTC"), Preferences(), first) == first
    # one that is on its way takes nothing more
    assert due_at(kind, noon + 10 * MINUTE, clock("UTC"), Preferences(), first) == noon + 20 * MINUTE


def test_a_digest_that_would_end_in_the_night_waits_for_the_morning() -> None:
    late = datetime(2026, 6, 1, 19, 55, tzinfo=UTC)  # 21:55 in Madrid
    assert due_at("level", late, clock("Europe/Madrid"), Preferences(), None) == datetime(2026, 6, 2, 6, tzinfo=UTC)
    assert due_at("vip_expired", late, clock("Europe/Madrid"), Preferences(), None) == late


@pytest.mark.parametrize("kind", sorted({kind.kind for kind in KINDS.values()}))
def test_muted_people_get_receipts_only(kind: str) -> None:
    assert wanted(kind, Preferences())
    assert wanted(kind, Preferences(notices=False)) == (kind in RECEIPTS)


def test_the_reminder_can_be_switched_off_alone() -> None:
    assert not wanted("reminder", Preferences(reminders=False))
    assert wanted("level", Preferences(reminders=False))
