"""What every text must be: there in each language, short enough for its place, without what Telegram would not show."""

import html
import re
from collections.abc import Iterator, Sequence

from apps.content.shapes import Choosing, Lines, Words

LANGUAGES = ("en", "es", "ru")
# A message has at most 4096 characters; what stands around a text (titles, hints, remarks) needs some of them.
MESSAGE = 4096
AROUND = 300
# Longer ones are cut off on the screen of a telephone.
BUTTON = 42
TITLE = 60
# Keys stand in the data of buttons, which has 64 bytes for three of them and the person.
KEY = re.compile(r"[a-z][a-z0-9-]{0,7}")


def key_problems(key: str) -> Iterator[str]:
    """Say what is wrong with a key."""
    if not KEY.fullmatch(key):
        yield f"The key {key!r} is not one: 1 to 8 of a-z 0-9 -, a letter first."


def text_problems(what: str, text: Words, *, most: int) -> Iterator[str]:
    """Say in which languages a text is missing, too long or not clean."""
    for language in LANGUAGES:
        yield from one_problem(f"{what}.{language}", text.said(language), most=most)


def line_problems(what: str, lines: Lines, *, most: int) -> Iterator[str]:
    """Say the same of several texts, and where one language has fewer than another."""
    if len({len(lines.said(language)) for language in LANGUAGES}) > 1:
        yield f"{what}: every language has as many lines as the others."
    for language in LANGUAGES:
        for number, text in enumerate(lines.said(language)):
            yield from one_problem(f"{what}.{language}[{number}]", text, most=most)


def one_problem(where: str, text: str, *, most: int) -> Iterator[str]:
    """Say what is wrong with one text."""
    if not text.strip() or text != text.strip():
        yield f"{where}: the text is empty, or begins or ends with white space."
    if size(text) > most:
        yield f"{where}: {size(text)} characters, at most {most}."
    if any(not character.isprintable() and character != "\n" for character in text):
        yield f"{where}: there is a character that cannot be shown."


def size(text: str) -> int:
    """Return how long a text is at Telegram, which counts UTF-16; escaping is counted in, to be on the safe side."""
    return len(html.escape(text).encode("utf-16-le")) // 2


def answer_problems(choosing: Choosing, *, wrong: int) -> Iterator[str]:
    """Say what is wrong with the answers: so many wrong ones, and one right one that is none of them."""
    for language in LANGUAGES:
        answers = choosing.answers(language)
        for number, answer in enumerate(answers):
            yield from one_problem(f"answers.{language}[{number}]", answer, most=BUTTON)
        yield from different(f"answers.{language}", answers, count=1 + wrong)


def different(where: str, answers: Sequence[str], *, count: int) -> Iterator[str]:
    """Say whether there are so many, and all of them differ: else more than one would be right, or fewer be wrong."""
    if len(answers) != count:
        yield f"{where}: there are {len(answers)} answers, not {count} of which one is right."
    if len({answer.casefold() for answer in answers}) != len(answers):
        yield f"{where}: two answers are the same: exactly one is right, and the others differ."
