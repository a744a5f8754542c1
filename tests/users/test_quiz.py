"""The quiz as it is taken: resumed, answered once, taken again after a month."""

from datetime import timedelta

import pytest

from apps.users import personality, selectors, services
from apps.users.models import Person, QuizAttempt
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW, Published

EXPLORER = [0, 0, 0, 0, 0, 0, 5, 1, 1, 1]
MONTH = timedelta(days=30)


def begin(person: Person, at: timedelta = timedelta()) -> QuizAttempt:
    return services.begin_quiz(person_id=person.pk, now=NOW + at)


def answer(person: Person, attempt: QuizAttempt, question: int, value: int) -> QuizAttempt | None:
    return services.answer_quiz(person_id=person.pk, attempt_id=attempt.pk, question=question, answer=value, now=NOW)


def finish(person: Person, answers: list[int] = EXPLORER, at: timedelta = timedelta()) -> QuizAttempt:
    attempt = begin(person, at)
    for question, value in enumerate(answers):
        answer(person, attempt, question, value)
    return attempt


def test_ten_answers_find_the_archetype(person: Person, published: Published) -> None:
    finish(person)
    assert selectors.archetype(person.pk) == "Explorer"
    scores = {"exploration": 100, "competition": 0, "narrative": 0, "social": 0}
    assert published(person.pk) == [
        ("user.personality_quiz_started", {"quiz_version": 1}),
        ("user.personality_detected", {**scores, "archetype": "Explorer", "confidence": 100, "quiz_version": 1}),
    ]


def test_it_goes_on_where_it_was_left(person: Person, published: Published) -> None:
    attempt = begin(person)
    answer(person, attempt, 0, 3)
    assert begin(person).pk == attempt.pk
    assert selectors.quiz_standing(person.pk) == selectors.QuizStanding("", None, attempt.pk, 1)
    assert len(published(person.pk)) == 1


def test_a_second_press_and_a_question_ahead_change_nothing(person: Person) -> None:
    attempt = begin(person)
    answer(person, attempt, 0, 3)
    answer(person, attempt, 0, 1)
    answer(person, attempt, 5, 1)
    attempt.refresh_from_db()
    assert attempt.answers == [3]


def test_a_press_after_the_end_changes_nothing(person: Person, published: Published) -> None:
    attempt = finish(person)
    again = answer(person, attempt, 9, 5)
    assert again is not None
    assert again.answers == EXPLORER
    assert len(published(person.pk)) == 2


def test_somebody_elses_attempt_is_none(person: Person) -> None:
    other = Person.objects.create(telegram_id=5, created_at=NOW)
    attempt = begin(other)
    assert answer(person, attempt, 0, 1) is None
    attempt.refresh_from_db()
    assert attempt.answers == []


@pytest.mark.parametrize(("question", "value"), [(0, 4), (0, -1), (6, 0), (6, 6), (10, 1), (-1, 0)])
def test_what_is_no_answer_is_refused(person: Person, question: int, value: int) -> None:
    attempt = begin(person)
    with pytest.raises(services.NoSuchAnswer, match="a mark of 1 to 5"):
        answer(person, attempt, question, value)


def test_it_can_be_taken_again_after_thirty_days(person: Person) -> None:
    first = finish(person)
    with pytest.raises(services.QuizTooEarly) as refused:
        begin(person, MONTH - timedelta(seconds=1))
    assert refused.value.until == NOW + MONTH
    second = begin(person, MONTH)
    assert second.pk != first.pk
    assert selectors.archetype(person.pk) == "Explorer", "until the second is finished"
    for question, value in enumerate([3] * 6 + [1, 1, 1, 5]):
        services.answer_quiz(
            person_id=person.pk, attempt_id=second.pk, question=question, answer=value, now=NOW + MONTH
        )
    assert selectors.archetype(person.pk) == "Connector"
    assert selectors.archetypes([person.pk, 999]) == {person.pk: "Connector"}


def test_questions_of_another_version_begin_anew(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = begin(person)
    answer(person, attempt, 0, 3)
    monkeypatch.setattr(personality, "VERSION", 2)
    assert answer(person, attempt, 1, 3) is None
    anew = begin(person)
    assert (anew.pk, anew.version, anew.answers) == (attempt.pk, 2, [])


def test_it_is_begun_once_and_answered_once_by_presses_at_the_same_time(committed_db: str) -> None:
    person = Person.objects.create(telegram_id=4242, created_at=NOW)
    at_once(*[lambda: begin(person)] * 4)
    attempt = QuizAttempt.objects.get()
    at_once(*[lambda v=v: answer(person, attempt, 0, v) for v in range(4)])
    attempt.refresh_from_db()
    assert len(attempt.answers) == 1
