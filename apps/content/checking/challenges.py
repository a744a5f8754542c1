"""What must hold of a challenge, whatever its kind."""

import re
from collections.abc import Iterator

from apps.content.challenges import steps
from apps.content.checking import texts
from apps.content.shapes import Challenge, NumberRows, Row, Sentence, SpeedRound, TrueOrFalse, WordOrder

KEY = re.compile(r"c-[0-9]{2}")
TASK = 300
WRONG = 3
# Marks are kept one by one, and a challenge should take a few minutes.
MOST_STEPS = 20


def problems(key: str, challenge: Challenge) -> Iterator[str]:
    """Say what is wrong with it."""
    if not KEY.fullmatch(key):
        yield "The key of a challenge is c- and two digits."
    yield from texts.text_problems("title", challenge.title, most=texts.TITLE)
    match challenge:
        case SpeedRound():
            for question in challenge.questions:
                yield from texts.text_problems("ask", question.ask, most=TASK)
                yield from texts.answer_problems(question, wrong=WRONG)
        case TrueOrFalse():
            for statement in challenge.statements:
                yield from texts.text_problems("say", statement.say, most=TASK)
        case NumberRows():
            for row in challenge.rows:
                yield from _of_row(row)
        case WordOrder():
            for sentence in challenge.sentences:
                yield from _of_sentence(sentence)
    yield from _of_steps(challenge)


def _of_row(row: Row) -> Iterator[str]:
    yield from texts.one_problem("row", row.row, most=TASK)
    yield from texts.different(f"the row {row.row}", (row.right, *row.wrong), count=1 + WRONG)
    for answer in (row.right, *row.wrong):
        yield from texts.one_problem(f"the row {row.row}", answer, most=texts.BUTTON)


def _of_sentence(sentence: Sentence) -> Iterator[str]:
    yield from texts.line_problems("words", sentence.words, most=texts.BUTTON)
    for language in texts.LANGUAGES:
        words = sentence.words.said(language)
        yield from texts.different(f"words.{language}", words, count=max(len(words), 3))


def _of_steps(challenge: Challenge) -> Iterator[str]:
    """Somebody may change the language in the middle: there are as many steps in every one."""
    numbers = {len(steps(challenge, language, "check")) for language in texts.LANGUAGES}
    if len(numbers) > 1 or not 0 < max(numbers) <= MOST_STEPS:
        yield f"It has 1 to {MOST_STEPS} steps, as many in every language; there are {sorted(numbers)}."
