"""Real threads: the same button twice at once, and two buttons at once."""

from datetime import timedelta

import pytest

from apps.content import services
from apps.content.library import library
from apps.content.models import AskedQuestion, Decision, StoryRun
from apps.users.models import Person
from diana.events.models import StoredEvent
from tests.content.conftest import NOW
from tests.gamification.test_concurrency import at_once

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def somebody(committed_db: str) -> int:
    return Person.objects.create(telegram_id=4242, created_at=NOW).pk


def told(type_: str) -> int:
    return StoredEvent.objects.filter(type=type_).count()


def test_two_answers_at_once_are_one_answer(somebody: int) -> None:
    asked = services.ask_question(person_id=somebody, now=NOW)
    assert isinstance(asked, services.Asked)
    given: list[services.Answered] = []

    def answer(place: int) -> None:
        at = NOW + timedelta(seconds=5)
        given.append(services.answer_question(person_id=somebody, asked_id=asked.id, place=place, now=at))

    at_once(*[lambda place=place: answer(place) for place in range(4)])
    assert len({answered.choice for answered in given}) == 1
    assert told("game.trivia_completed") == 1


def test_two_questions_asked_at_once_are_one(somebody: int) -> None:
    at_once(*[lambda: services.ask_question(person_id=somebody, now=NOW)] * 4)
    assert AskedQuestion.objects.count() == 1


def test_two_decisions_at_once_are_one_and_a_story_begins_once(somebody: int) -> None:
    at_once(*[lambda: services.open_story(person_id=somebody, story="light", now=NOW)] * 4)
    assert (StoryRun.objects.count(), told("narrative.story_started")) == (1, 1)
    turn = {"person_id": somebody, "story": "light", "chapter": "shore", "now": NOW}
    at_once(*[lambda: services.turn_page(page=0, **turn)] * 4)
    made: list[bool] = []
    at_once(*[lambda key=key: made.append(services.choose(choice=key, **turn)[1]) for key in ("knock", "follow") * 2])
    assert sorted(made) == [False, False, False, True]
    assert (Decision.objects.count(), told("narrative.decision_made")) == (1, 1)
    assert told("narrative.chapter_completed") == 1


def test_a_secret_looked_at_twice_at_once_is_found_once(somebody: int) -> None:
    services.open_story(person_id=somebody, story="light", now=NOW)
    services.turn_page(person_id=somebody, story="light", chapter="shore", page=0, now=NOW)
    look = {"person_id": somebody, "story": "light", "chapter": "shore", "now": NOW}
    at_once(*[lambda: services.look_closer(**look)] * 4)
    assert told("narrative.secret_found") == 1


def test_the_last_step_pressed_twice_at_once_completes_once(somebody: int) -> None:
    standing = services.todays_challenge(person_id=somebody, now=NOW)
    day = standing.day
    standing = services.begin_challenge(person_id=somebody, day=day, attempt=1, now=NOW)
    steps = services.steps_of(somebody, standing, "en")
    for number, step in enumerate(steps):
        press = {"person_id": somebody, "day": day, "attempt": 1, "step": number, "place": step.right}
        at_once(*[lambda press=press: services.take_step(at=NOW, now=NOW, **press)] * 2)
    assert told("game.challenge_completed") == 1
    assert standing.key in library().challenges
