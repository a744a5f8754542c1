"""Asking questions and taking answers: one question is open at a time, and each is answered once."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.content import trivia
from apps.content.events import TriviaCompleted
from apps.content.library import library
from apps.content.models import AskedQuestion
from apps.content.selectors import last_seen
from apps.content.services.errors import NotThere
from apps.content.shapes import Question
from apps.users.services import about, lock_person
from diana.events import publish_many


class Asked(NamedTuple):
    """A question before somebody: `order` says which answer stands where, 0 is the right one."""

    id: int
    question: Question
    order: list[int]
    answered: bool


class Answered(NamedTuple):
    """What came of an answer; `choice` and `order` as in Asked. `too_fast`: it earns nothing."""

    question: Question
    order: list[int]
    choice: int
    correct: bool
    too_fast: bool


class Resting(NamedTuple):
    """Every question was asked not long ago; the first comes back at this moment."""

    until: datetime | None


def ask_question(*, person_id: int, now: datetime) -> Asked | Resting:
    """Show the person the question that is open, or a new one that they have not seen for a month. Locks the person.

    Asking again changes nothing: the time runs from when the question was first shown. Raises PersonGone.
    """
    questions = library().questions
    with transaction.atomic():
        lock_person(person_id)
        asked = _open(person_id)
        if asked is None:
            last = last_seen(person_id)
            key = trivia.next_question(questions, last, person_id, now)
            if key is None:
                return Resting(trivia.next_at(questions, last))
            asked = AskedQuestion.objects.create(person_id=person_id, question=key, shown_at=now)
    return Asked(asked.pk, questions[asked.question], trivia.order(person_id, asked.question), False)


def answer_question(*, person_id: int, asked_id: int, place: int, now: datetime) -> Answered:
    """Take the answer that stands at this place, at the moment its press arrived; publishes game.trivia_completed once.

    Locks the person. An answered question keeps its answer: what came of that is returned. Raises NotThere, PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        asked = AskedQuestion.objects.filter(pk=asked_id, person_id=person_id).first()
        question = library().questions.get(asked.question) if asked else None
        if asked is None or question is None or not 0 <= place < trivia.ANSWERS:
            raise NotThere(NotThere.__doc__)
        order = trivia.order(person_id, asked.question)
        if asked.answered_at is None:
            asked.choice = order[place]
            asked.correct = asked.choice == trivia.RIGHT
            asked.answered_at = max(now, asked.shown_at)
            asked.save(update_fields=["choice", "correct", "answered_at"])
            event = TriviaCompleted(
                user_id=person_id,
                question=asked.question,
                correct=asked.correct,
                milliseconds=trivia.milliseconds(asked.shown_at, asked.answered_at),
                shortest_milliseconds=trivia.shortest_milliseconds(question),
            )
            publish_many([about(person, event, asked.answered_at, f"trivia:{asked.pk}")])
    return _answered(asked, question, order)


def _answered(asked: AskedQuestion, question: Question, order: list[int]) -> Answered:
    assert asked.answered_at is not None
    assert asked.choice is not None
    took = trivia.milliseconds(asked.shown_at, asked.answered_at)
    too_fast = took < trivia.shortest_milliseconds(question)
    return Answered(question, order, asked.choice, bool(asked.correct), too_fast)


def _open(person_id: int) -> AskedQuestion | None:
    """Return the open question; one that is no longer in the data files is taken back."""
    asked = AskedQuestion.objects.filter(person_id=person_id, answered_at=None).first()
    if asked is not None and asked.question not in library().questions:
        asked.delete()
        return None
    return asked
