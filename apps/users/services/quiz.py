"""Taking the quiz: one attempt at a time, each answer kept as it is given, so that it goes on where it was left."""

from datetime import datetime

from django.db import transaction

from apps.users import events as facts
from apps.users import personality
from apps.users.models import Person, QuizAttempt
from apps.users.services.rows import about, lock_person
from diana.events import publish_many


class QuizTooEarly(ValueError):
    """The quiz can be taken again 30 days after it was finished; `until` says when."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"The quiz can be taken again from {until.isoformat()} on.")
        self.until = until


class NoSuchAnswer(ValueError):
    """A scene is answered by a dimension, 0 to 3, a statement by a mark of 1 to 5."""


def begin_quiz(*, person_id: int, now: datetime) -> QuizAttempt:
    """Return the attempt that runs, or a new one: publishes user.personality_quiz_started.

    An attempt at questions of another version begins anew. Locks the person. Raises QuizTooEarly and PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        running = _running(person)
        if running is not None and running.version == personality.VERSION:
            return running
        begun = {"version": personality.VERSION, "answers": [], "started_at": now}
        if running is None:
            _check_time(person, now)
        running, _new = QuizAttempt.objects.update_or_create(begun, person=person, finished_at=None)
        event = facts.PersonalityQuizStarted(user_id=person_id, quiz_version=running.version)
        publish_many([about(person, event, now)])
    return running


def answer_quiz(*, person_id: int, attempt_id: int, question: int, answer: int, now: datetime) -> QuizAttempt | None:
    """Keep the answer to the question that waits and return the attempt; after the last one it is finished.

    Then publishes user.personality_detected. Answers to other questions, as a second press gives them, change nothing.
    Returns None if the attempt is not one of the person's. Locks the person. Raises NoSuchAnswer and PersonGone.
    """
    if not personality.is_answer(question, answer):
        raise NoSuchAnswer(NoSuchAnswer.__doc__)
    with transaction.atomic():
        person = lock_person(person_id)
        attempt = QuizAttempt.objects.filter(pk=attempt_id, person=person).first()
        if attempt is None or attempt.version != personality.VERSION:
            return None
        if attempt.finished_at is None and question == len(attempt.answers):
            attempt.answers = [*attempt.answers, answer]
            if len(attempt.answers) == personality.QUESTIONS:
                _finish(attempt, person, now)
            attempt.save(update_fields=["answers", "finished_at", "archetype"])
    return attempt


def _finish(attempt: QuizAttempt, person: Person, now: datetime) -> None:
    found = personality.detect(attempt.answers)
    attempt.finished_at, attempt.archetype = now, found.archetype
    event = facts.PersonalityDetected(
        user_id=person.pk,
        **dict(zip(personality.DIMENSIONS, found.scores, strict=True)),
        archetype=found.archetype,
        confidence=found.confidence,
        quiz_version=attempt.version,
    )
    publish_many([about(person, event, now)])


def _running(person: Person) -> QuizAttempt | None:
    return QuizAttempt.objects.filter(person=person, finished_at__isnull=True).first()


def _check_time(person: Person, now: datetime) -> None:
    last = QuizAttempt.objects.filter(person=person).order_by("-finished_at").first()
    if last is not None and last.finished_at is not None and now < last.finished_at + personality.RETAKE_AFTER:
        raise QuizTooEarly(last.finished_at + personality.RETAKE_AFTER)
