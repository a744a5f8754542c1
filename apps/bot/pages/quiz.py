"""The quiz: begun, answered tap by tap, taken again after a month."""

from contextlib import suppress

from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import quiz as screen
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from apps.users import services as users


@page("quiz", private=True)
def quiz(request: Request) -> Reply:
    """Go on with the quiz that runs, else show what the last one has found, else what it is."""
    standing = people.quiz_standing(request.me)
    if standing.attempt_id is not None:
        return _question(request, standing.attempt_id, standing.answered)
    if standing.archetype:
        return _result(request, standing)
    return screen.intro(person_id=request.me)


@verb("quiz", "begin")
def begin(request: Request) -> Reply:
    """Begin the quiz, or show what it has found if it is too early for another."""
    with suppress(users.QuizTooEarly):
        users.begin_quiz(person_id=request.me, now=request.now)
    return quiz(request)


@verb("quiz", "answer")
def answer(request: Request) -> Reply:
    """Keep an answer and show what comes next; one that is none, or not its turn, changes nothing."""
    numbers = [int(word) for word in request.args if word.isascii() and word.isdecimal() and len(word) < 19]
    if len(numbers) == 3:
        attempt_id, question, value = numbers
        with suppress(users.NoSuchAnswer):
            users.answer_quiz(
                person_id=request.me, attempt_id=attempt_id, question=question, answer=value, now=request.now
            )
    return quiz(request)


def _question(request: Request, attempt_id: int, number: int) -> Reply:
    order = people.quiz_order(request.me, number)
    return screen.question(person_id=request.me, attempt_id=attempt_id, number=number, order=order)


def _result(request: Request, standing: people.QuizStanding) -> Reply:
    assert standing.finished_at is not None
    again = standing.finished_at + people.RETAKE_AFTER
    local = request.person.local(again).date()
    return screen.result(
        person_id=request.me,
        archetype=people.main_archetype(standing.archetype),
        side=people.side_of(standing.archetype),
        again=local if again > request.now else None,
    )
