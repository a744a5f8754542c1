"""Which question comes next, in which order its answers stand, and how long somebody took. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from apps.content.shapes import Question
from apps.content.shuffling import shuffled

ANSWERS = 4
RIGHT = 0
# A question pays once in 30 local days; one day more covers clocks and zones that were moved meanwhile.
REST = timedelta(days=31)
# Fast readers take longer for a word, and nobody reads, finds the answer and presses it in less than a second.
MILLISECONDS_A_WORD = 120
LEAST_MILLISECONDS = 1000


def order(person_id: int, question: str) -> list[int]:
    """Return which answer stands where for this person; 0 is the right one."""
    return shuffled(ANSWERS, "trivia", person_id, question)


def next_question(questions: Iterable[str], last: Mapping[str, datetime], person_id: int, now: datetime) -> str | None:
    """Return the key of the question to ask: one never asked, else the one asked longest ago; None while all rest.

    `last` holds when each was last asked or answered. Everybody has an order of their own.
    """
    known = sorted(questions)
    fresh = [key for key in _own_order(known, person_id) if key not in last]
    if fresh:
        return fresh[0]
    oldest = min(known, key=lambda key: (last[key], key), default=None)
    return oldest if oldest is not None and last[oldest] + REST <= now else None


def next_at(questions: Iterable[str], last: Mapping[str, datetime]) -> datetime | None:
    """Return from when on a question can be asked again; None if one was never asked, or there is none."""
    known = list(questions)
    if not known or any(key not in last for key in known):
        return None
    return min(last[key] for key in known) + REST


def milliseconds(shown_at: datetime, answered_at: datetime) -> int:
    """Return how long the answer took; never less than nothing."""
    return max((answered_at - shown_at) // timedelta(milliseconds=1), 0)


def shortest_milliseconds(question: Question) -> int:
    """Return in what time somebody could have read the question; who answers in less has not, and earns nothing.

    The language that says it in the fewest words counts, whichever it was shown in: nobody is wronged by the others.
    """
    words = min(len(text.split()) for text in (question.ask.en, question.ask.es, question.ask.ru))
    return max(words * MILLISECONDS_A_WORD, LEAST_MILLISECONDS)


def _own_order(keys: list[str], person_id: int) -> list[str]:
    return [keys[number] for number in shuffled(len(keys), "questions", person_id)]
