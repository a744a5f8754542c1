"""Where a reader may go in a story, and what has happened on the way there. Pure."""

from collections.abc import Collection, Iterable

from apps.content.shapes import Chapter, Choice, Story


def offered(chapter: Chapter, flags: Collection[str]) -> dict[str, Choice]:
    """Return the choices that are open to a reader for whom these flags are set."""
    return {key: choice for key, choice in chapter.choices.items() if not choice.needs or choice.needs in flags}


def flags_of(story: Story, decided: Iterable[tuple[str, str]], chapter: str) -> set[str]:
    """Return the flags that are set for a reader who decided so (chapter, choice) and is at the end of this chapter."""
    flags = set(flags_of_pages(story.chapters[chapter]))
    for left, key in decided:
        if left in story.chapters:
            flags |= flags_of_pages(story.chapters[left])
            flags |= flags_of_choice(key, story.chapters[left].choices.get(key))
    return flags


def flags_of_page(chapter: Chapter, number: int) -> frozenset[str]:
    """Return the flags that a page sets; pages count from 0."""
    return frozenset(chapter.sets.get(str(number + 1), ()))


def flags_of_pages(chapter: Chapter) -> frozenset[str]:
    """Return the flags that the pages of a chapter set."""
    return frozenset(flag for flags in chapter.sets.values() for flag in flags)


def flags_of_choice(key: str, choice: Choice | None) -> frozenset[str]:
    """Return the flags that a choice sets: its own key, and what it names."""
    return frozenset({key, *(choice.sets if choice else ())})


def place(story: Story, chapter: str, page: int) -> tuple[str, int]:
    """Return where a reader stands; what a new edition has taken away begins anew, pages that are fewer end earlier."""
    if chapter not in story.chapters:
        return story.first, 0
    return chapter, min(max(page, 0), last_page(story.chapters[chapter]))


def last_page(chapter: Chapter) -> int:
    """Return the number of the page with the decision; the first is 0."""
    return len(chapter.pages.en) - 1
