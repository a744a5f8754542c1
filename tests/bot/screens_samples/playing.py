"""Trivia, stories and challenges: with all of the content there is, in the person's language."""

from collections.abc import Callable, Iterator
from typing import Any

from apps.bot.screens import challenge, story, trivia
from apps.content.challenges import steps
from apps.content.library import library
from apps.content.shapes import Chapter, Question, Story
from tests.bot.screens_samples.sample import (
    HTML,
    LONGEST_ID,
    ME,
    NOON,
    Sample,
    Written,
    content_sample,
    sample,
)

LIBRARY = library()
HEAD = challenge.Head(ME, NOON.date(), HTML, "speed")
KINDS = {"speed": True, "true_false": False, "numbers": False, "word_order": False}


def question(asked: Question) -> Callable[[str], dict[str, Any]]:
    return lambda language: {
        "person_id": ME,
        "asked_id": LONGEST_ID,
        "ask": Written(asked.ask.said(language)),
        "answers": [Written(answer) for answer in asked.answers(language)],
    }


def answered(asked: Question, correct: bool, too_fast: bool) -> Callable[[str], dict[str, Any]]:
    return lambda language: {
        "person_id": ME,
        "ask": Written(asked.ask.said(language)),
        "chosen": Written(asked.answers(language)[0 if correct else 1]),
        "right": Written(asked.answers(language)[0]),
        "why": Written(asked.why.said(language)),
        "correct": correct,
        "too_fast": too_fast,
    }


def shelf(part: tuple[int, int], going_on: bool) -> Callable[[str], dict[str, Any]]:
    def named(language: str) -> dict[str, Any]:
        lines = [
            story.Line(
                key,
                Written(told.title.said(language)),
                Written(told.about.said(language)),
                part,
                part,
                part,
                going_on,
            )
            for key, told in LIBRARY.stories.items()
        ]
        return {"person_id": ME, "lines": lines}

    return named


def leaf(told: Story, key: str, page: int, language: str) -> story.Leaf:
    chapter, pages = told.chapters[key], told.chapters[key].pages.said(language)
    return story.Leaf(told.key, key, Written(chapter.title.said(language)), page, len(pages), Written(pages[page]))


def came_by(told: Story, language: str, to: str = "", ending: str = "") -> Written:
    """Return the longest of what is told on the way there."""
    ways = [c.then.said(language) for chapter in told.chapters.values() for c in chapter.choices.values()
            if (to and c.to == to) or (ending and c.ending == ending)]  # fmt: skip
    return Written(max(ways, key=len, default=""))


def page_of(told: Story, key: str, page: int) -> Callable[[str], dict[str, Any]]:
    return lambda language: {
        "person_id": ME,
        "leaf": leaf(told, key, page, language),
        "came_by": came_by(told, language, to=key) if page == 0 else "",
        "back": (key, page - 1) if page else None,
    }


def decision_of(told: Story, key: str, chapter: Chapter, looked: bool) -> Callable[[str], dict[str, Any]]:
    def named(language: str) -> dict[str, Any]:
        hint = chapter.hint
        return page_of(told, key, len(chapter.pages.en) - 1)(language) | {
            "came_by": came_by(told, language, to=key),
            "ask": Written(chapter.ask.said(language)),
            "choices": [(name, Written(c.say.said(language))) for name, c in chapter.choices.items()],
            "hint": Written(hint.button) if hint and not looked else "",
            "found": Written(hint.text.said(language)) if hint and looked else "",
        }

    return named


def past_of(told: Story, key: str, chapter: Chapter, page: int) -> Callable[[str], dict[str, Any]]:
    def named(language: str) -> dict[str, Any]:
        last, hint = page == len(chapter.pages.en) - 1, chapter.hint
        says = [choice.say.said(language) for choice in chapter.choices.values()]
        return page_of(told, key, page)(language) | {
            "ask": Written(chapter.ask.said(language)) if last else "",
            "chosen": Written(max(says, key=len)) if last else "",
            "found": Written(hint.text.said(language)) if hint and last else "",
            "forward": None if last else (key, page + 1),
        }

    return named


def ending_of(told: Story, key: str) -> Callable[[str], dict[str, Any]]:
    return lambda language: {
        "person_id": ME,
        "story": told.key,
        "came_by": came_by(told, language, ending=key),
        "title": Written(told.endings[key].title.said(language)),
        "text": Written(told.endings[key].text.said(language)),
        "number": list(told.endings).index(key) + 1,
        "endings": len(told.endings),
        "found": list(told.endings).index(key) + 1,
        "back": (next(iter(told.chapters)), 1),
    }


def stories() -> Iterator[Sample]:
    for told in LIBRARY.stories.values():
        for key, chapter in told.chapters.items():
            place = f"{told.key}.{key}"
            for page in range(len(chapter.pages.en) - 1):
                yield content_sample(story.leaf, f"{place} {page}", page_of(told, key, page))
            for page in range(len(chapter.pages.en)):
                yield content_sample(story.past, f"{place} {page}", past_of(told, key, chapter, page))
            for looked in (False, True):
                yield content_sample(story.decision, f"{place} {looked}", decision_of(told, key, chapter, looked))
        for key in told.endings:
            yield content_sample(story.ending, f"{told.key}.{key}", ending_of(told, key))


def step_of(key: str, kind: str, number: int, went: str, was: str) -> Callable[[str], dict[str, Any]]:
    def named(language: str) -> dict[str, Any]:
        of_it = steps(LIBRARY.challenges[key], language, ME)
        asked = of_it[number]
        title = Written(LIBRARY.challenges[key].title.said(language))
        return {
            "head": HEAD._replace(title=title, kind=kind),
            "attempt": 3,
            "number": number,
            "count": len(of_it),
            "ask": Written(asked.ask),
            "options": [Written(option) for option in asked.options],
            "went": went,
            "was": Written(was),
        }

    return named


def challenges() -> Iterator[Sample]:
    for key, found in LIBRARY.challenges.items():
        kind = str(found.__struct_config__.tag)
        for number in range(len(steps(found, "en", ME))):
            was, went = (("", ""), ("4 & <5>", "0"), ("", "0"), ("x", "1"))[number % 4]
            yield content_sample(challenge.step, f"{key} {number}", step_of(key, kind, number, went, was))


SAMPLES: list[Sample] = [
    *(content_sample(trivia.question, key, question(asked)) for key, asked in LIBRARY.questions.items()),
    *(
        content_sample(trivia.answered, f"{key} {correct}", answered(asked, correct, too_fast=number % 2 == 0))
        for number, (key, asked) in enumerate(LIBRARY.questions.items())
        for correct in (False, True)
    ),
    sample(trivia.resting, "a day", person_id=ME, until=NOON.date()),
    sample(trivia.resting, "no day", person_id=ME, until=None),
    content_sample(story.shelf, "begun", shelf((3, 4), going_on=True)),
    content_sample(story.shelf, "new", shelf((0, 4), going_on=False)),
    sample(story.shelf, "none", person_id=ME, lines=[]),
    *stories(),
    *(
        sample(challenge.offer, kind, head=HEAD._replace(kind=kind), steps=count, timed=timed)
        for (kind, timed), count in zip(KINDS.items(), (1, 2, 5, 20), strict=True)
    ),
    sample(challenge.offer, "another kind", head=HEAD._replace(kind="other"), steps=5, timed=False),
    *challenges(),
    sample(challenge.passed, "all", head=HEAD, score=100),
    *(sample(challenge.missed, f"{left} left", head=HEAD, score=40, attempt=2, left=left) for left in (-1, 0, 1, 2, 5)),
]
