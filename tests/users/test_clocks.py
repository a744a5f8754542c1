"""Whatever zones somebody presses: how many dates begin, and that who only travels loses nothing."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.gamification.decide import state
from apps.gamification.decide.folding import fold
from apps.gamification.decide.outcomes import StreakBroken, StreakFrozen
from apps.users.activity import judge_act
from apps.users.clocks import Clock, clock_of, document_of
from tests.gamification.decide.test_streaks import active, ended, fact_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# From one end to the other, by halves and quarters of an hour, with clocks that are turned, and across the date line.
ZONES = [
    "Etc/GMT+12", "Pacific/Niue", "Pacific/Honolulu", "America/Anchorage", "America/New_York", "America/St_Johns",
    "America/Santiago", "UTC", "Atlantic/Azores", "Europe/Madrid", "Africa/Cairo", "Asia/Beirut", "Asia/Kathmandu",
    "Asia/Tokyo", "Etc/GMT-11", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia",
    "Pacific/Kiritimati",
]  # fmt: skip
# Clocks are turned; Samoa leaves out 30 December 2011.
BEGINNINGS = [date(2026, 3, 1), date(2026, 9, 22), date(2026, 10, 20), date(2026, 12, 20), date(2011, 12, 22)]


class Traveller:
    """Somebody with a clock and a streak, who presses zones."""

    def __init__(self, beginning: date, zone: str, chosen: bool) -> None:
        self.now = datetime(beginning.year, beginning.month, beginning.day, 12, tzinfo=UTC)
        self.clock, self.chosen = Clock(zone), chosen
        self.state, self.outcomes = state.State(), list[object]()
        self.last: tuple[datetime, date] | None = None

    def act(self, at: datetime) -> None:
        """Do something at the moment."""
        self.now = at
        local = self.clock.local(at)
        last_act, last_date = self.last or (None, None)
        touched = judge_act(occurred_at=at, local=local, last_act_at=last_act, last_active_date=last_date)
        assert last_date is None or local.date() >= last_date, "no date comes back"
        self.last = at, local.date()
        if touched.first_of_day:
            self.outcomes += fold(self.state, active(local.date(), touched.utc_offset_minutes, at))

    def press(self, at: datetime, zone: str) -> None:
        """Choose the zone, which is an act."""
        self.act(at)
        if zone == self.clock.zone:
            return
        first, self.chosen = not self.chosen, True
        self.clock = self.clock.choose_first(zone, at) if first else self.clock.choose(zone, at)
        self.clock = clock_of(self.clock.zone, document_of(self.clock))
        cut = self.clock.cut_by_change(self.clock.counts_from(at) or at)
        happened = fact_of(
            "user.timezone_changed",
            self.clock.local(at).date(),
            at,
            self.clock.offset_minutes(at),
            skipped=[day.isoformat() for day in cut.skipped],
            shortened=cut.shortened.isoformat() if cut.shortened else None,
        )
        self.outcomes += fold(self.state, happened)

    def end_days(self, at: datetime) -> None:
        """Tell the streak which dates are over."""
        assert self.last
        self.outcomes += [
            outcome
            for n in range(1, (self.clock.local(at).date() - self.last[1]).days)
            for outcome in fold(self.state, ended(self.last[1] + n * DAY, self.clock.offset_minutes(at)))
        ]

    def lost(self) -> list[object]:
        """Return what the person lost: freezes, and streaks."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, StreakFrozen | StreakBroken)]


def check_spacing(begun: list[datetime]) -> None:
    """Two dates begin in any 24 hours, eight in any seven days, at most."""
    for dates, span in ((2, DAY), (8, 7 * DAY)):
        for earlier, later in zip(begun, begun[dates:], strict=False):
            assert later - earlier >= span, f"{dates + 1} dates in {later - earlier}: {begun}"


FEW = settings(max_examples=12, deadline=None)
SEEDS = given(st.integers(0, 10**9), st.sampled_from(BEGINNINGS), st.sampled_from([0.1, 0.4, 1.0]), st.booleans())


@FEW
@SEEDS
def test_at_most_two_dates_begin_in_a_day_and_eight_in_a_week(
    seed: int, beginning: date, often: float, chosen: bool
) -> None:
    chance = random.Random(seed)
    traveller = Traveller(beginning, chance.choice(ZONES) if chosen else "UTC", chosen)
    seen, begun = traveller.clock.local(traveller.now).date(), list[datetime]()
    traveller.act(traveller.now)
    for _ in range(30):
        # the clock as it is lived: what counts at each moment is what was chosen until then
        until = traveller.now + chance.choice([HOUR / 6, HOUR, 7 * HOUR, DAY]) * chance.uniform(0.2, 1.5)
        for at in traveller.clock.beginnings(traveller.now, until):
            begun.append(at)
            assert traveller.clock.local(at).date() > seen
            seen = traveller.clock.local(at).date()
        traveller.act(until)
        if chance.random() < often:
            traveller.press(until, chance.choice(ZONES))
            if traveller.clock.local(until).date() > seen:
                begun.append(until)
                seen = traveller.clock.local(until).date()
    check_spacing(begun)


DAILY_EAST = [
    "10T11 Etc/GMT+8",
    "11T07 Etc/GMT+4",
    "12T03 UTC",
    "12T23 Etc/GMT-4",
    "13T19 Etc/GMT-8",
    "14T15 Etc/GMT-12",
]


@pytest.mark.parametrize(
    ("zone", "presses", "counts_from"),
    [
        ("Etc/GMT+12", ["10T11 Etc/GMT-11", "10T12 Pacific/Kiritimati"], "17T13"),
        ("Etc/GMT+12", [*DAILY_EAST, "15T11 Pacific/Kiritimati"], "17T12"),
    ],
    ids=["three in a day", "nine in a week"],
)
def test_a_choice_waits_that_would_begin_more(zone: str, presses: list[str], counts_from: str) -> None:
    """By steps to the east, each of which alone brings no date too many; at moments of November 2026, half past the hour."""
    clock, now, begun = Clock(zone), datetime(2026, 11, 1, tzinfo=UTC), list[datetime]()
    for press in presses:
        hour, chosen = press.split()
        at = datetime.fromisoformat(f"2026-11-{hour}:30+00:00")
        begun += clock.beginnings(now, at)
        now, clock = at, clock.choose(chosen, at)
    begun += clock.beginnings(now, now + 9 * DAY)
    check_spacing(begun)
    assert clock.counts_from(now) == datetime.fromisoformat(f"2026-11-{counts_from}:00+00:00")


@FEW
@SEEDS
def test_who_acts_once_in_each_date_and_changes_zones_loses_nothing(
    seed: int, beginning: date, often: float, chosen: bool
) -> None:
    chance = random.Random(seed)
    traveller = Traveller(beginning, chance.choice(ZONES) if chosen else "UTC", chosen)
    traveller.act(traveller.now)
    dates = 1
    for _ in range(25):
        begins = traveller.clock.next_date(traveller.now)
        ends = traveller.clock.next_date(begins)
        at = begins + chance.random() * (ends - begins)
        if chance.random() < 0.5:
            traveller.end_days(at)
        traveller.act(at)
        dates += 1
        if chance.random() < often:
            traveller.press(at, chance.choice(ZONES))
    assert traveller.lost() == []
    assert traveller.state.streak_days == dates


@FEW
@given(st.integers(0, 10**9), st.sampled_from(BEGINNINGS[:4]))
def test_who_acts_once_in_each_date_on_the_wall_loses_nothing(seed: int, beginning: date) -> None:
    """The wall is that of the zone just chosen, whether it counts yet or not; zones change every third date at most."""
    chance = random.Random(seed)
    wall = chance.choice(["America/New_York", "Europe/Madrid"])
    traveller = Traveller(beginning, wall, chosen=True)
    traveller.act(traveller.now)
    for n in range(25):
        shown = traveller.now.astimezone(ZoneInfo(wall)).date()
        midnight = datetime(shown.year, shown.month, shown.day, tzinfo=ZoneInfo(wall)).astimezone(UTC) + DAY
        # clocks that are turned: well within the date after
        at = midnight + HOUR + chance.random() * 21 * HOUR
        traveller.end_days(at)
        if n % 3 == 2:
            wall = chance.choice(["America/New_York", "Europe/Madrid", "Asia/Kathmandu", "Asia/Tokyo"])
            traveller.press(at, wall)
        else:
            traveller.act(at)
    assert traveller.lost() == []


@pytest.mark.parametrize(
    ("zone", "pressed", "chosen", "counts_from", "skipped", "shortened"),
    [
        # 10:12 UTC is 23:12 of the 9th in Niue
        ("Pacific/Niue", "2026-11-10T10:12", "Pacific/Kiritimati", "2026-11-10T11:00", ["2026-11-10"], "2026-11-11"),
        ("Pacific/Kiritimati", "2026-11-10T11:00", "Pacific/Niue", "2026-11-11T10:00", [], None),
        ("Europe/Madrid", "2026-11-10T11:00", "Asia/Tokyo", "2026-11-10T23:00", [], "2026-11-11"),
        ("Asia/Tokyo", "2026-11-10T11:00", "Europe/Madrid", "2026-11-10T15:00", [], None),
        # a whole day ahead: the date after is as long as any
        ("Etc/GMT+12", "2026-11-10T11:00", "Etc/GMT-12", "2026-11-10T12:00", ["2026-11-10"], None),
        # there is no midnight on the day on which summer begins in Santiago and Beirut
        ("America/Santiago", "2026-09-05T12:00", "UTC", "2026-09-06T04:00", [], "2026-09-06"),
        ("Asia/Beirut", "2026-03-28T12:00", "UTC", "2026-03-28T22:00", [], None),
    ],
)
def test_a_later_choice_counts_from_the_next_midnight(
    zone: str, pressed: str, chosen: str, counts_from: str, skipped: list[str], shortened: str | None
) -> None:
    now, midnight = (datetime.fromisoformat(f"{text}+00:00") for text in (pressed, counts_from))
    clock = Clock(zone).choose(chosen, now)
    assert (clock.counts_from(now), clock.zone_at(now), clock.zone_at(midnight)) == (midnight, zone, chosen)
    cut = clock.cut_by_change(midnight)
    assert ([str(day) for day in cut.skipped], cut.shortened and str(cut.shortened)) == (skipped, shortened)
    assert clock.counts_from(midnight) is None


def test_the_first_choice_counts_at_once_and_turns_no_date_back() -> None:
    now = datetime(2026, 11, 10, 3, tzinfo=UTC)
    clock = Clock("UTC").choose_first("America/New_York", now)
    assert (clock.zone_at(now), clock.counts_from(now)) == ("America/New_York", None)
    assert clock.local(now).date() == date(2026, 11, 10)
    assert clock.next_date(now) == datetime(2026, 11, 11, 5, tzinfo=UTC)


def test_of_several_choices_the_last_counts_and_the_old_one_takes_it_back() -> None:
    now = datetime(2026, 11, 10, 12, tzinfo=UTC)
    madrid = Clock("Europe/Madrid")
    tokyo = madrid.choose("Asia/Tokyo", now)
    assert tokyo.choose("Asia/Kathmandu", now + HOUR) == madrid.choose("Asia/Kathmandu", now)
    assert tokyo.choose("Europe/Madrid", now + HOUR) == madrid


def test_an_act_that_comes_late_has_the_date_that_counted_then() -> None:
    now = datetime(2026, 11, 10, 12, tzinfo=UTC)
    clock = Clock("Pacific/Niue").choose("Pacific/Kiritimati", now)
    later = clock.choose("Europe/Madrid", now + 2 * DAY)
    assert [clock.local(now - n * DAY).date() for n in (0, 1)] == [date(2026, 11, 10), date(2026, 11, 9)]
    assert later.local(now) == clock.local(now)


def test_what_counted_long_ago_is_forgotten() -> None:
    clock, now = Clock("Europe/Madrid"), datetime(2026, 11, 10, 12, tzinfo=UTC)
    for n in range(40):
        clock = clock.choose(("Asia/Tokyo", "Europe/Madrid")[n % 2], now + n * DAY)
        assert len(clock.former) <= 10
        assert len(str(document_of(clock))) < 4000
    assert clock.choose("Asia/Kathmandu", now + 60 * DAY).former == (
        ("Europe/Madrid", datetime(2027, 1, 9, 23, tzinfo=UTC)),
    )
