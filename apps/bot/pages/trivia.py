"""Trivia: a question, and what came of the answer."""

from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import trivia as screen
from apps.bot.screens.layout import Reply
from apps.content import services as content


@page("trivia")
def trivia(request: Request) -> Reply:
    """Show the open question or a new one; say when there is one again if all were asked."""
    asked = content.ask_question(person_id=request.me, now=request.now)
    if isinstance(asked, content.Resting):
        return screen.resting(
            person_id=request.me, until=request.person.local(asked.until).date() if asked.until else None
        )
    answers = asked.question.answers(request.person.language)
    return screen.question(
        person_id=request.me,
        asked_id=asked.id,
        ask=asked.question.ask.said(request.person.language),
        answers=[answers[number] for number in asked.order],
    )


@verb("trivia", "answer")
def answer(request: Request) -> Reply:
    """Take an answer; the first one counts, whatever is pressed afterwards."""
    asked_id, place = (numbers(request.args) + [-1, -1])[:2]
    try:
        given = content.answer_question(person_id=request.me, asked_id=asked_id, place=place, now=request.at)
    except content.NotThere:
        return trivia(request)
    language = request.person.language
    answers = given.question.answers(language)
    return screen.answered(
        person_id=request.me,
        ask=given.question.ask.said(language),
        chosen=answers[given.choice],
        right=answers[0],
        why=given.question.why.said(language),
        correct=given.correct,
        too_fast=given.too_fast,
    )


def numbers(args: tuple[str, ...]) -> list[int]:
    """Return what a button carries as numbers; what is none of ours is -1."""
    return [int(arg) if arg.isascii() and arg.isdecimal() and len(arg) <= 18 else -1 for arg in args]
