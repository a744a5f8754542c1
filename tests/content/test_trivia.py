"""Asking and answering: one question open, one answer for each, one event for each answer."""

from datetime import timedelta

import pytest

from apps.content import services, trivia
from apps.content.library import library
from apps.content.models import AskedQuestion
from apps.users.models import Person
from apps.users.services import PersonGone
from tests.content.conftest import NOW, happened


def ask(person_id: int, now=NOW) -> services.Asked:
    asked = services.ask_question(person_id=person_id, now=now)
    assert isinstance(asked, services.Asked)
    return asked


def answer(person_id: int, asked: services.Asked, choice: int, seconds: float = 5) -> services.Answered:
    """Press the answer of this number in the data file."""
    at = NOW + timedelta(seconds=seconds)
    place = asked.order.index(choice)
    return services.answer_question(person_id=person_id, asked_id=asked.id, place=place, now=at)


def test_a_question_stays_open_and_its_time_runs_from_when_it_was_first_shown(me: int) -> None:
    first = ask(me)
    again = ask(me, NOW + timedelta(minutes=1))
    assert again == first
    assert AskedQuestion.objects.get().shown_at == NOW


def test_a_right_answer_is_told_once_with_the_time_it_took(me: int) -> None:
    asked = ask(me)
    given = answer(me, asked, 0, seconds=4.25)
    assert (given.correct, given.too_fast, given.question) == (True, False, asked.question)
    key = AskedQuestion.objects.get().question
    shortest = trivia.shortest_milliseconds(asked.question)
    told = {"question": key, "correct": True, "milliseconds": 4250, "shortest_milliseconds": shortest}
    assert happened(me) == [("game.trivia_completed", told)]


def test_a_wrong_one_is_told_as_wrong(me: int) -> None:
    assert not answer(me, ask(me), 2).correct
    ((_, fields),) = happened(me)
    assert fields["correct"] is False


def test_a_second_press_changes_nothing(me: int) -> None:
    asked = ask(me)
    first = answer(me, asked, 3)
    assert answer(me, asked, 0, seconds=60) == first
    assert answer(me, asked, 3) == first
    assert len(happened(me)) == 1


@pytest.mark.parametrize("early", [0, 1])
def test_who_is_faster_than_the_question_can_be_read_is_told_so(me: int, early: int) -> None:
    asked = ask(me)
    shortest = trivia.shortest_milliseconds(asked.question)
    assert answer(me, asked, 0, seconds=(shortest - early) / 1000).too_fast is bool(early)


def test_a_press_that_seems_to_come_before_the_question_took_no_time(me: int) -> None:
    answer(me, ask(me), 0, seconds=-30)
    ((_, fields),) = happened(me)
    assert fields["milliseconds"] == 0


def test_the_question_of_somebody_else_is_nobody_elses(me: int, other: int) -> None:
    asked = ask(me)
    for asked_id, place in ((asked.id, 0), (asked.id + 1, 0), (-1, 0)):
        with pytest.raises(services.NotThere):
            services.answer_question(person_id=other, asked_id=asked_id, place=place, now=NOW)
    for place in (-1, 4):
        with pytest.raises(services.NotThere):
            services.answer_question(person_id=me, asked_id=asked.id, place=place, now=NOW)
    assert AskedQuestion.objects.get().answered_at is None


def test_all_questions_come_before_one_comes_again(me: int) -> None:
    seen = []
    for _ in library().questions:
        asked = ask(me)
        seen.append(AskedQuestion.objects.get(pk=asked.id).question)
        answer(me, asked, 1)
    assert sorted(seen) == list(library().questions)
    resting = services.ask_question(person_id=me, now=NOW + timedelta(days=30))
    assert resting == services.Resting(NOW + timedelta(seconds=5) + trivia.REST)
    late = NOW + trivia.REST + timedelta(minutes=1)
    assert AskedQuestion.objects.get(pk=ask(me, late).id).question in seen


def test_a_question_that_is_no_longer_there_is_taken_back(me: int) -> None:
    gone = AskedQuestion.objects.create(person_id=me, question="q-999", shown_at=NOW)
    with pytest.raises(services.NotThere):
        services.answer_question(person_id=me, asked_id=gone.pk, place=0, now=NOW)
    assert ask(me).id != gone.pk
    assert not AskedQuestion.objects.filter(pk=gone.pk).exists()


def test_nobody_is_asked_who_is_gone(me: int) -> None:
    Person.objects.filter(pk=me).update(status="erased", telegram_id=None)
    with pytest.raises(PersonGone):
        services.ask_question(person_id=me, now=NOW)
