"""Streaks: whatever the order in which dates arrive, the result is that of a simple walk over the calendar."""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from apps.gamification.decide import facts, state, streaks
from apps.gamification.decide.facts import Fact, date_of, day_number
from apps.gamification.decide.folding import fold
from apps.gamification.decide.outcomes import Outcome, StreakBroken, StreakExtended, StreakFrozen
from apps.gamification.decide.streaks import KEPT, SKIPPED_MINUTES

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Honolulu", "Pacific/Kiritimati", "Australia/Lord_Howe"]
# DST begins and ends in Berlin and New York, 29 February, the turn of a year
BEGINNINGS = [date(2026, 3, 1), date(2026, 3, 20), date(2026, 10, 18), date(2028, 2, 20), date(2026, 12, 20)]

numbers = iter(range(1, 10**9))


def fact_of(event_type: str, day: date, at: datetime | None = None, offset: int = 0, **fields: object) -> Fact:
    """Return a fact about a local date."""
    moment = facts.microseconds(at or datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    number = next(numbers)
    given_fields = {"local_date": day.isoformat()} | fields
    return facts.fact(
        position=number,
        event_id=UUID(int=number),
        type=event_type,
        at=moment,
        utc_offset_minutes=offset,
        fields=given_fields,
    )


def active(day: date, offset: int = 0, at: datetime | None = None) -> Fact:
    """Return the first act of a local date."""
    return fact_of("user.active_day", day, at, offset)


def ended(day: date, offset: int = 0) -> Fact:
    """Return the end of a local date."""
    return fact_of("game.day_ended", day, offset=offset)


def run(of: state.State, *happened: Fact) -> list[Outcome]:
    """Fold one fact after the other, through the stored document."""
    outcomes: list[Outcome] = []
    for fact in happened:
        kept = state.decode(state.encode(of))
        outcomes += fold(kept, fact)
        for name in of.__struct_fields__:
            setattr(of, name, getattr(kept, name))
    return outcomes


def model(days: dict[date, int], over: date | None) -> tuple[int, date | None]:
    """Walk the calendar: days of the running streak, and its first date."""
    if not days:
        return 0, None
    length, since, used = 0, None, dict[tuple[int, int], int]()
    last_offset, last_active = 0, None
    today = min(days)
    while today <= max([*days, *([over] if over else [])]):
        tomorrow = today + timedelta(days=1)
        if today in days:
            length, since = length + 1, since if length else today
            last_active, last_offset = today, days[today]
        elif length:
            yesterday = today - timedelta(days=1)
            flown = yesterday == last_active and tomorrow in days and days[tomorrow] - last_offset >= SKIPPED_MINUTES
            month = (today.year, today.month)
            if not flown:
                if used.get(month, 0) == 2:
                    length, since = 0, None
                else:
                    used[month] = used.get(month, 0) + 1
        today = tomorrow
    return length, since


def lives(seed: int, beginning: date, gap: float) -> dict[date, tuple[datetime, int]]:
    """Return somebody's active dates over two months of acts and flights, as the bot would find them."""
    chance = random.Random(seed)
    zone, found = ZoneInfo("UTC"), dict[date, tuple[datetime, int]]()
    at = datetime(beginning.year, beginning.month, beginning.day, 12, tzinfo=UTC)
    latest = None
    for _ in range(120):
        at += timedelta(hours=chance.expovariate(1 / gap))
        if chance.random() < 0.15:
            zone = ZoneInfo(chance.choice(ZONES))
        local = at.astimezone(zone)
        if latest is None or local.date() > latest:
            latest = local.date()
            found[latest] = (at, (local.utcoffset() or timedelta()) // timedelta(minutes=1))
    return found


@given(st.integers(0, 10**6), st.sampled_from(BEGINNINGS), st.sampled_from([6.0, 14.0, 24.0]), st.booleans())
def test_f62_late_and_doubled_dates_give_what_a_walk_over_the_calendar_gives(
    seed: int, beginning: date, gap: float, ends: bool
) -> None:
    life = lives(seed, beginning, gap)
    days = {day: offset for day, (_, offset) in life.items()}
    chance = random.Random(seed + 1)
    arriving = [(day, active(day, offset, at)) for day, (at, offset) in life.items()]
    over = max(days) + timedelta(days=chance.randint(0, 3)) if ends else None
    if ends:
        arriving += [
            (day, ended(day, days[max(lived for lived in days if lived <= day)]))
            for day in (min(days) + timedelta(days=n) for n in range((over - min(days)).days + 1))  # type: ignore[operator]
        ]
    arriving += [chance.choice(arriving) for _ in range(10)]
    # late by days, but not by more than is kept
    arriving.sort(key=lambda pair: day_number(pair[0]) + chance.random() * (KEPT - 4))
    of = state.State()
    run(of, *[fact for _, fact in arriving])
    expected, since = model(days, over)
    assert of.streak_days == expected
    if expected:
        assert date_of(streaks.walk(of.streak).end.since) == since  # type: ignore[arg-type]


@given(st.integers(0, 10**6), st.sampled_from(BEGINNINGS))
def test_f63_one_date_never_counts_twice_and_flying_alone_breaks_nothing(seed: int, beginning: date) -> None:
    found = lives(seed, beginning, 8.0)
    of, before = state.State(), 0
    last_act: datetime | None = None
    for day, (at, offset) in found.items():
        outcomes = run(of, active(day, offset, at))
        assert of.streak_days <= before + 1
        assert sum(isinstance(o, StreakExtended) for o in outcomes) <= 1
        if last_act and at - last_act < timedelta(hours=20):
            assert of.streak_days == before + 1, "somebody who never paused for a day lost nothing"
        before, last_act = of.streak_days, at


@given(st.integers(0, 10**6), st.sampled_from(BEGINNINGS), st.sampled_from([10.0, 24.0]))
def test_every_length_is_told_once_whatever_the_order(seed: int, beginning: date, gap: float) -> None:
    days = list(lives(seed, beginning, gap))
    chance = random.Random(seed)
    days.sort(key=lambda day: day_number(day) + chance.random() * 6)
    of = state.State()
    outcomes = run(of, *[active(day) for day in days])
    told = [(o.since, o.days) for o in outcomes if isinstance(o, StreakExtended)]
    assert len(told) == len(set(told))
    final, since = model(dict.fromkeys(days, 0), None)
    if since and final > 1:
        assert final in {length for _, length in told}
        assert of.streak
        assert of.streak.longest >= final


@given(st.lists(st.integers(0, 400), max_size=150, unique=True))
def test_the_document_does_not_grow(days: list[int]) -> None:
    of = state.State()
    for number in sorted(days):
        run(of, active(date(2026, 1, 1) + timedelta(days=number)))
    if of.streak:
        assert len(of.streak.dates) <= KEPT + 2
        assert len(of.streak.settled.frozen) <= 3


def test_two_dates_of_a_month_are_frozen_and_the_third_breaks() -> None:
    of = state.State()
    outcomes = run(
        of, *[active(date(2026, 3, day)) for day in (1, 2, 4, 6)], ended(date(2026, 3, 6)), ended(date(2026, 3, 7))
    )
    assert [str(o.on) for o in outcomes if isinstance(o, StreakFrozen)] == ["2026-03-03", "2026-03-05"]
    assert [o.days for o in outcomes if isinstance(o, StreakExtended)] == [2, 3, 4]
    assert [o.days for o in outcomes if isinstance(o, StreakBroken)] == [4]
    assert of.streak_days == 0
    assert streaks.freezes_left(of.streak, day_number(date(2026, 3, 9))) == 0  # type: ignore[arg-type]
    assert streaks.freezes_left(of.streak, day_number(date(2026, 4, 1))) == 2  # type: ignore[arg-type]


def test_a_late_date_heals_a_broken_streak_and_gives_the_freeze_back() -> None:
    of = state.State()
    run(of, *[active(date(2026, 3, day)) for day in (1, 2, 4, 6, 8)])
    assert of.streak_days == 1
    outcomes = run(of, active(date(2026, 3, 3)))
    assert of.streak_days == 6
    assert [o.days for o in outcomes if isinstance(o, StreakExtended)] == [5, 6]


def test_a_repair_bridges_what_broke_once_in_thirty_days() -> None:
    of = state.State()
    run(of, *[active(date(2026, 3, day)) for day in (1, 3, 5)], ended(date(2026, 3, 6)))
    assert of.streak
    assert of.streak_days == 0
    broken = day_number(date(2026, 3, 6))
    assert [streaks.repairable(of.streak, broken + n) for n in range(4)] == [[], [broken], [broken, broken + 1], []]
    repair = fact_of("game.streak_frozen", date(2026, 3, 6), datetime(2026, 3, 7, 9, tzinfo=UTC), repair=True)
    run(of, repair, repair, active(date(2026, 3, 7)))
    assert of.streak_days == 4
    run(of, ended(date(2026, 3, 8)))
    assert of.streak_days == 0
    assert streaks.repairable(of.streak, day_number(date(2026, 3, 9))) == []


def test_a_freeze_that_was_told_does_not_come_back_as_a_repair() -> None:
    of = state.State()
    run(of, active(date(2026, 3, 1)), ended(date(2026, 3, 2)))
    assert run(of, fact_of("game.streak_frozen", date(2026, 3, 2), repair=False)) == []
    assert of.streak
    assert of.streak.repaired == []


def test_flying_over_the_date_line_costs_no_freeze() -> None:
    of = state.State()
    outcomes = run(of, active(date(2026, 3, 1), -600), active(date(2026, 3, 3), 780))
    assert outcomes == [StreakExtended(2, date(2026, 3, 1))]


def test_a_document_of_before_goes_on_with_its_streak() -> None:
    of = state.State(streak_days=9, streak_day=day_number(date(2026, 3, 9)))
    assert run(of, active(date(2026, 3, 10))) == [StreakExtended(10, date(2026, 3, 1))]


def test_each_month_brings_its_own_freezes() -> None:
    of = state.State()
    outcomes = run(of, *[active(day) for day in (date(2028, 2, 28), date(2028, 3, 3))])
    frozen = [str(o.on) for o in outcomes if isinstance(o, StreakFrozen)]
    assert frozen == ["2028-02-29", "2028-03-01", "2028-03-02"]
    assert of.streak_days == 2


def test_of_three_dates_one_that_was_shortened_takes_no_freeze() -> None:
    of, outcomes = state.State(), list[Outcome]()
    for day in (1, 3, 5, 7):
        today, tomorrow = date(2026, 3, day), date(2026, 3, day + 1)
        change = fact_of("user.timezone_changed", today, skipped=[], shortened=tomorrow.isoformat())
        outcomes += run(of, active(today), change)
    assert [str(o.on) for o in outcomes if isinstance(o, StreakFrozen)] == ["2026-03-04"]
    assert of.streak_days == 4


def test_a_change_in_the_place_of_another_takes_its_skipped_dates_back() -> None:
    of, today = state.State(), date(2026, 3, 1)
    skipping = fact_of("user.timezone_changed", today, skipped=["2026-03-02"], shortened=None)
    back = fact_of("user.timezone_changed", today, skipped=[], shortened=None)
    outcomes = run(of, active(today), skipping, back, active(date(2026, 3, 3)))
    assert [str(o.on) for o in outcomes if isinstance(o, StreakFrozen)] == ["2026-03-02"]


def test_a_date_that_a_country_leaves_out_takes_no_freeze_when_it_is_told_to_be_over() -> None:
    of = state.State()
    assert run(of, active(date(2011, 12, 29), -600), ended(date(2011, 12, 30), 840)) == []
