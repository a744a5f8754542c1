"""The comparison of what was expected with what is there, on a real database: what is lost and what is doubled is counted."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from apps.bot.models import Refusal
from apps.bot.services import count_refusal
from apps.users.events import ActiveDay, LoggedIn
from apps.users.services import find_or_add_person
from demo.effects import Effect, Entries, Expected, ExpectedPerson, answers, differences, doubled, lost
from diana.events import publish
from diana.events.testing import drain

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
KIM, LEE = 7_100_000_001, 7_100_000_002
EVENTS = {"user.active_day": 1, "game.login": 2, "game.points_awarded": 2}


@pytest.fixture
def kim() -> int:
    """A person who came by on a day, twice, and was awarded for it."""
    with transaction.atomic():
        person = find_or_add_person(telegram_id=KIM, now=NOW)
        publish(ActiveDay(user_id=person, local_date="2026-05-04"), occurred_at=NOW)
        log_in(person)
        log_in(person)
    drain("gamification.award_points")
    return person


def log_in(person: int) -> None:
    with transaction.atomic():
        publish(LoggedIn(user_id=person), occurred_at=NOW)


def expect(*, events: dict[str, int] = EVENTS, amount: int = 10, answers: int = 0) -> Expected:
    entries = [Entries("login", amount, 2)]
    return Expected({"kim": ExpectedPerson(KIM, events, entries, answers)}, {})


def counted(expected: Expected, outside: list[Effect] | None = None) -> tuple[int, int]:
    found = differences(expected, outside or [])
    return lost(found), doubled(found)


def test_it_finds_nothing_where_everything_is_as_expected(kim: int) -> None:
    assert differences(expect(), []) == []


def test_it_counts_an_effect_that_is_missing_as_lost(kim: int) -> None:
    found = differences(expect(events=EVENTS | {"game.login": 3, "game.level_up": 2}), [])
    assert [str(difference) for difference in found] == [
        "kim event game.level_up: 0 instead of 2",
        "kim event game.login: 2 instead of 3",
    ]
    assert (lost(found), doubled(found)) == (3, 0)


def test_it_counts_an_effect_too_many_as_doubled(kim: int) -> None:
    log_in(kim)
    assert counted(expect()) == (0, 1)
    drain("gamification.award_points")
    assert counted(expect()) == (0, 3)  # the event, its entry, the entry's event


def test_lost_and_doubled_effects_do_not_cancel_out(kim: int) -> None:
    log_in(kim)
    assert counted(expect(events=EVENTS | {"user.active_day": 2})) == (1, 1)


def test_an_entry_of_another_amount_is_one_lost_and_one_doubled(kim: int) -> None:
    assert counted(expect(amount=11)) == (2, 2)


def test_everything_of_somebody_unexpected_is_doubled(kim: int) -> None:
    with transaction.atomic():
        stranger = find_or_add_person(telegram_id=LEE, now=NOW)
    log_in(stranger)
    (found,) = differences(expect(), [])
    assert str(found) == f"person {stranger} event game.login: 1 instead of 0"


def test_answers_are_counted_with_the_rest(kim: int) -> None:
    assert counted(expect(answers=2), answers(["kim"])) == (1, 0)
    assert counted(expect(answers=2), answers(["kim", "kim", "chat 5"])) == (0, 1)


def test_refusals_are_counted_over_all_days(kim: int) -> None:
    expected = Expected(expect().people, {"copy": 2})
    count_refusal(Refusal.Reason.COPY, now=NOW)
    assert counted(expected) == (1, 0)
    count_refusal(Refusal.Reason.COPY, now=NOW.replace(day=5))
    assert counted(expected) == (0, 0)
    count_refusal(Refusal.Reason.SECRET, now=NOW)
    assert counted(expected) == (0, 1)
