"""Where a reader may go in a story, and what every walk through it meets. Pure."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from apps.content.shapes import Chapter, Choice, Story

# No story is so long: a walk of more chapters goes round in a circle.
LONGEST_WALK = 100


class Walk(NamedTuple):
    """One way through a story: the chapters and choices in their order, the secrets on it, and its ending."""

    chapters: tuple[str, ...]
    choices: tuple[str, ...]
    secrets: frozenset[str]
    ending: str


def offered(chapter: Chapter, made: Collection[str]) -> dict[str, Choice]:
    """Return the choices that are open to somebody who has made these before."""
    return {key: choice for key, choice in chapter.choices.items() if not choice.needs or choice.needs in made}


def place(story: Story, chapter: str, page: int) -> tuple[str, int]:
    """Return where a reader stands; what a new edition has taken away begins anew, pages that are fewer end earlier."""
    if chapter not in story.chapters:
        return story.first, 0
    return chapter, min(max(page, 0), last_page(story.chapters[chapter]))


def last_page(chapter: Chapter) -> int:
    """Return the number of the page with the decision; the first is 0."""
    return len(chapter.pages.en) - 1


def walks(story: Story) -> Iterator[Walk]:
    """Yield every way from the beginning to an ending, looking at every hint; ways that lead nowhere are left out.

    Circles end after LONGEST_WALK chapters: for stories that were checked only.
    """
    pending = [Walk((story.first,), (), frozenset(), "")]
    while pending:
        walk = pending.pop()
        chapter = story.chapters.get(walk.chapters[-1])
        if chapter is None or len(walk.chapters) > LONGEST_WALK:
            continue
        seen = walk.secrets | ({chapter.hint.secret} if chapter.hint else set())
        for key, choice in offered(chapter, walk.choices).items():
            found = seen | ({choice.secret} if choice.secret else set())
            if choice.ending:
                yield Walk(walk.chapters, (*walk.choices, key), found, choice.ending)
            else:
                pending.append(Walk((*walk.chapters, choice.to), (*walk.choices, key), found, ""))
