"""Time zones that are changed by buttons: what that pays, and what it does to a streak."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.gamification import selectors, tasks
from apps.gamification.models import Entry
from apps.users import selectors as users
from apps.users import services
from apps.users.models import Person
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, event, person

pytestmark = pytest.mark.django_db

NIUE, KIRITIMATI = "Pacific/Niue", "Pacific/Kiritimati"


class Life:
    """Somebody who takes the daily reward and presses zones, at moments of November 2026."""

    def __init__(self, chosen: str = "") -> None:
        self.me, self.number = person(), 0
        if chosen:
            services.set_timezone(person_id=self.me, timezone=chosen, now=datetime(2026, 10, 30, 9, tzinfo=UTC))

    def daily(self, day: int, time: str) -> int:
        """Take the reward and return how many there are then."""
        self._act(day, time, lambda local: [event("game.daily_login", self.me, local_date=local.date().isoformat())])
        drain(AWARDS)
        return Entry.objects.filter(account_id=self.me, rule="daily_login", kind="award").count()

    def choose(self, day: int, time: str, zone: str) -> None:
        """Press the button of a zone; that is an act."""
        self._act(day, time, lambda local: [])
        services.set_timezone(person_id=self.me, timezone=zone, now=moment(day, time))
        drain(AWARDS)

    def end_days(self, day: int, time: str) -> None:
        """Tell which dates are over."""
        tasks.end_days_of_everyone(moment(day, time))
        drain(AWARDS)

    def streak(self, day: int, time: str) -> tuple[int, int, int]:
        """Return the streak, the longest and the freezes left."""
        found = selectors.streak(self.me, users.local_days([self.me], moment(day, time))[self.me][1])
        return found.days, found.longest, found.freezes_left

    def _act(self, day: int, time: str, events: object) -> None:
        self.number += 1
        key = f"life{self.number}"
        services.act(person_id=self.me, occurred_at=moment(day, time), key_prefix=key, events=events)  # type: ignore[arg-type]


def moment(day: int, time: str) -> datetime:
    """Return the moment of November 2026, in UTC."""
    return datetime.fromisoformat(f"2026-11-01T{time}:00+00:00") + timedelta(days=day - 1)


def test_three_zones_in_a_quarter_of_an_hour_pay_one_reward() -> None:
    life = Life(chosen=NIUE)
    assert life.daily(10, "10:05") == 1
    life.choose(10, "10:11", "UTC")
    assert life.daily(10, "10:12") == 1
    life.choose(10, "10:19", KIRITIMATI)
    assert life.daily(10, "10:20") == 1
    # midnight in Niue: in Kiritimati it is the 12th
    assert life.daily(10, "11:01") == 2
    assert life.daily(11, "09:59") == 2
    assert life.daily(11, "10:00") == 3


@pytest.mark.parametrize(("chosen", "rewards", "streak"), [("UTC", 4, (1, 3, 0)), ("", 5, (5, 5, 0))])
def test_tomorrows_reward_is_not_to_be_had_by_a_button(chosen: str, rewards: int, streak: tuple[int, int, int]) -> None:
    pressing, still = Life(chosen), Life("UTC")
    for day in (1, 3, 5, 7):
        for life in (pressing, still):
            life.daily(day, "11:01")
        # of somebody who has never chosen one the first choice counts at once
        pressing.choose(day, "11:05", KIRITIMATI)
        taken = pressing.daily(day, "11:06")
        pressing.choose(day, "11:09", "UTC")
    assert (taken, pressing.streak(7, "12:00")) == (rewards, streak)
    assert still.streak(7, "12:00") == (1, 3, 0)


def test_yesterday_is_not_filled_by_going_back_over_the_date_line() -> None:
    life = Life(chosen=KIRITIMATI)
    assert life.daily(9, "10:30") == 1  # the 10th
    life.choose(9, "11:00", NIUE)
    # midnight of the 11th in Kiritimati, where it is the 9th in Niue: the 10th lasts until its end there
    assert [life.daily(10, time) for time in ("10:01", "10:59", "11:01")] == [1, 1, 1]
    assert life.daily(11, "11:00") == 2
    assert life.streak(11, "11:00") == (2, 2, 2)


@pytest.mark.parametrize("told", [False, True], ids=["untold", "told"])
def test_a_date_that_a_change_skips_is_frozen_and_takes_no_freeze(told: bool) -> None:
    life = Life(chosen=NIUE)
    life.daily(1, "12:00")
    life.choose(1, "12:01", KIRITIMATI)
    if told:
        life.end_days(2, "11:30")
    assert life.streak(2, "11:30") == (1, 1, 2)
    life.daily(2, "11:40")  # the 3rd: the 2nd never was
    assert life.streak(2, "11:40") == (2, 2, 2)
    assert not StoredEvent.objects.filter(type="game.streak_frozen").exists()


def test_the_skipped_date_is_free_and_the_missed_one_beside_it_is_not() -> None:
    life = Life(chosen=NIUE)
    life.daily(1, "12:00")
    life.choose(1, "12:01", KIRITIMATI)
    life.daily(4, "10:30")  # the 5th: the 2nd never was, the 3rd was an hour shorter
    assert life.streak(4, "10:30") == (2, 2, 1)


def test_a_change_that_is_taken_back_skips_nothing() -> None:
    life = Life(chosen=NIUE)
    life.daily(1, "12:00")
    life.choose(1, "12:01", KIRITIMATI)
    life.choose(1, "12:02", NIUE)
    life.daily(3, "12:00")
    assert life.streak(3, "12:00") == (2, 2, 1)
    assert Person.objects.get().timezone == NIUE


def test_a_traveller_who_acts_at_breakfast_loses_nothing() -> None:
    life = Life(chosen="Europe/Madrid")
    life.daily(1, "06:30")
    life.choose(2, "00:00", "Asia/Tokyo")  # nine in the morning of the 2nd
    life.daily(2, "22:30")  # breakfast of the 3rd, while the days are still those of Madrid
    life.daily(3, "22:30")  # breakfast of the 4th
    assert life.streak(3, "22:30") == (3, 3, 2)
    assert date(2026, 11, 4) == users.local_days([life.me], moment(3, "22:30"))[life.me][1]
