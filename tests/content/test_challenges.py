"""The challenge of the day: step by step, passed once, tried again when it was not enough."""

from datetime import date, timedelta

import pytest

from apps.content import challenges, services
from apps.content.library import library
from apps.content.models import ChallengeRun
from apps.users.models import Person
from tests.content.conftest import NOW, happened

DAY = date(2026, 11, 24)
KEYS = sorted(library().challenges)


def day_of(key: str) -> int:
    """How many days after NOW it is this challenge's turn."""
    return next(n for n in range(14) if challenges.of_day(KEYS, DAY + timedelta(days=n)) == key)


def begin(person_id: int, attempt: int = 1, day: date = DAY) -> services.Standing:
    at = NOW + (day - DAY)
    return services.begin_challenge(person_id=person_id, day=day, attempt=attempt, now=at)


def take(person_id: int, standing: services.Standing, *, right: bool = True, seconds: int = 1) -> services.Standing:
    """Take the next step, as it should be or not."""
    step = services.steps_of(person_id, standing, "en")[len(standing.marks)]
    place = step.right if right else (step.right + 1) % len(step.options)
    run = ChallengeRun.objects.get(person_id=person_id, local_date=standing.day)
    at = run.step_shown_at + timedelta(seconds=seconds)
    return services.take_step(
        person_id=person_id,
        day=standing.day,
        attempt=standing.attempt,
        step=len(standing.marks),
        place=place,
        at=at,
        now=at,
    )


def take_all(person_id: int, standing: services.Standing, *, right: int) -> services.Standing:
    """Take all steps, the first ones right."""
    for number in range(services.number_of_steps(standing.challenge)):
        standing = take(person_id, standing, right=number < right)
    return standing


@pytest.mark.parametrize("key", KEYS)
def test_each_can_be_passed_and_is_told_once(me: int, key: str) -> None:
    day = DAY + timedelta(days=day_of(key))
    passed = take_all(me, begin(me, day=day), right=20)
    assert (passed.key, passed.score) == (key, 100)
    assert happened(me) == [("game.challenge_completed", {"challenge": key, "score": 100})]
    assert begin(me, 2, day) == passed
    assert len(happened(me)) == 1


def test_the_day_is_the_one_on_the_persons_clock(me: int, other: int) -> None:
    Person.objects.filter(pk=other).update(timezone="Pacific/Auckland")
    late = NOW.replace(hour=13)
    mine = services.todays_challenge(person_id=me, now=late)
    theirs = services.todays_challenge(person_id=other, now=late)
    assert (mine.day, theirs.day) == (DAY, DAY + timedelta(days=1))
    assert theirs.key == challenges.of_day(KEYS, theirs.day) != mine.key
    with pytest.raises(services.NotThere):
        services.begin_challenge(person_id=other, day=DAY, attempt=1, now=late)


def test_half_of_it_is_enough_and_less_can_be_tried_again(me: int) -> None:
    day = DAY + timedelta(days=day_of("c-02"))
    missed = take_all(me, begin(me, day=day), right=2)
    assert (missed.score, services.score_so_far(missed), services.attempts_left(missed)) == (None, 40, 2)
    assert happened(me) == []
    passed = take_all(me, begin(me, 2, day), right=3)
    assert passed.score == 60


def test_there_are_three_attempts(me: int) -> None:
    for attempt in (1, 2, 3):
        missed = take_all(me, begin(me, attempt), right=0)
        assert missed.attempt == attempt
    assert begin(me, 4) == missed
    assert not services.may_begin(missed)
    assert happened(me) == []


def test_an_attempt_begins_when_it_is_its_turn(me: int) -> None:
    assert begin(me, 2).attempt == 0
    begun = begin(me)
    assert begin(me) == begun
    assert begin(me, 2) == begun
    assert begin(me, 0) == begun


def test_a_step_that_was_taken_stays_as_it_was(me: int) -> None:
    begun = begin(me)
    first = take(me, begun, right=False)
    assert first.marks == "0"
    assert take(me, begun, right=True) == first


def test_what_comes_too_late_in_a_speed_round_is_wrong(me: int) -> None:
    day = DAY + timedelta(days=day_of("c-01"))
    begun = begin(me, day=day)
    assert services.is_timed(begun)
    assert services.kind_of(begun) == "speed"
    assert take(me, begun, seconds=21).marks == "0"


def test_a_day_can_be_finished_after_midnight(me: int) -> None:
    late = NOW.replace(hour=23, minute=59)
    begun = services.begin_challenge(person_id=me, day=DAY, attempt=1, now=late)
    ChallengeRun.objects.update(step_shown_at=late + timedelta(minutes=2))
    assert take_all(me, begun, right=20).score == 100


@pytest.mark.parametrize(("day", "place"), [(DAY, -1), (DAY, 9), (DAY - timedelta(days=1), 0)])
def test_what_is_not_offered_cannot_be_picked(me: int, day: date, place: int) -> None:
    begin(me)
    with pytest.raises(services.NotThere):
        services.take_step(person_id=me, day=day, attempt=1, step=0, place=place, at=NOW, now=NOW)


def test_another_persons_challenge_is_not_ones_own(me: int, other: int) -> None:
    begin(me)
    with pytest.raises(services.NotThere):
        services.take_step(person_id=other, day=DAY, attempt=1, step=0, place=0, at=NOW, now=NOW)


def test_a_challenge_that_is_no_longer_there_is_replaced(me: int) -> None:
    begun = take(me, begin(me))
    ChallengeRun.objects.update(challenge="c-99")
    with pytest.raises(services.NotThere):
        services.take_step(person_id=me, day=DAY, attempt=1, step=1, place=0, at=NOW, now=NOW)
    assert services.todays_challenge(person_id=me, now=NOW).attempt == 0
    assert begin(me) == begun._replace(marks="")
