"""What must hold of a trivia question."""

import re
from collections.abc import Iterator

from apps.content.checking import texts
from apps.content.shapes import Question
from apps.content.trivia import ANSWERS

KEY = re.compile(r"q-[0-9]{3}")
QUESTION = 300
EXPLANATION = 400


def problems(key: str, question: Question) -> Iterator[str]:
    """Say what is wrong with it."""
    if not KEY.fullmatch(key):
        yield "The key of a question is q- and three digits."
    yield from texts.text_problems("ask", question.ask, most=QUESTION)
    yield from texts.text_problems("why", question.why, most=EXPLANATION)
    yield from texts.answer_problems(question, wrong=ANSWERS - 1)
