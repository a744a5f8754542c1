"""Which challenge a day has, the steps it is made of, and when it is passed. Pure.

Every challenge is a series of steps, each of which offers texts of which one is right. To put a sentence in order is to
pick its next word again and again; the last one is left over, and is no step.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from apps.content.shapes import Challenge, Choosing, NumberRows, SpeedRound, TrueOrFalse, WordOrder
from apps.content.shuffling import shuffled

PASS_SCORE = 50
MOST_ATTEMPTS = 3
SPEED_SECONDS = 20


class Step(NamedTuple):
    """What to show: a text (or the words placed so far), what to choose from, and which of it is right."""

    ask: str
    options: tuple[str, ...]
    right: int


def of_day(keys: Sequence[str], day: date) -> str:
    """Return the day's challenge: each has its turn, the same for everybody who has this date."""
    return sorted(keys)[day.toordinal() % len(keys)]


def steps(challenge: Challenge, language: str, *seed: object) -> list[Step]:
    """Return the steps in this language; the seed decides how options stand. As many in every language."""
    match challenge:
        case SpeedRound():
            return [_question(q, language, *seed, number) for number, q in enumerate(challenge.questions)]
        case TrueOrFalse():
            return [Step(s.say.said(language), ("", ""), 0 if s.true else 1) for s in challenge.statements]
        case NumberRows():
            return [_mixed(r.row, (r.right, *r.wrong), *seed, number) for number, r in enumerate(challenge.rows)]
        case WordOrder():
            sentences = [sentence.words.said(language) for sentence in challenge.sentences]
            return [
                _mixed(" ".join(words[:at]), words[at:], *seed, number, at)
                for number, words in enumerate(sentences)
                for at in range(len(words) - 1)
            ]


def is_timed(challenge: Challenge) -> bool:
    """Say whether answers count only within SPEED_SECONDS."""
    return isinstance(challenge, SpeedRound)


def in_time(challenge: Challenge, shown_at: datetime, answered_at: datetime) -> bool:
    """Say whether an answer came early enough to count."""
    return not is_timed(challenge) or answered_at - shown_at <= timedelta(seconds=SPEED_SECONDS)


def score(marks: str) -> int:
    """Return how many of a hundred: `marks` has 1 for a right step and 0 for a wrong one."""
    return (200 * marks.count("1") + len(marks)) // (2 * len(marks)) if marks else 0


def is_passed(marks: str) -> bool:
    """Say whether a finished series is good enough."""
    return score(marks) >= PASS_SCORE


def _question(question: Choosing, language: str, *seed: object) -> Step:
    return _mixed(question.ask.said(language), question.answers(language), *seed)


def _mixed(ask: str, answers: Sequence[str], *seed: object) -> Step:
    """Return a step with its options mixed; the first answer is the right one."""
    order = shuffled(len(answers), "challenge", *seed)
    return Step(ask, tuple(answers[number] for number in order), order.index(0))
