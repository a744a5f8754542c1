"""Every state in which a reader may be: the chapter, and the flags that are set when it begins. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from apps.content.shapes import Choice, Story
from apps.content.stories import flags_of_choice, flags_of_page, flags_of_pages, offered

# A story of more states is one that nobody can read through before it goes out.
MOST_STATES = 2000


class TooManyStates(ValueError):
    """A story has more states than are walked: let fewer flags be set, or set them on fewer ways."""


class State(NamedTuple):
    """A reader at the beginning of a chapter: the flags that are set, and the choices on the shortest way there."""

    chapter: str
    flags: frozenset[str]
    way: tuple[str, ...]

    def on_page(self, story: Story, number: int) -> frozenset[str]:
        """Return the flags that are set once the page of this number, from 0, is read."""
        chapter = story.chapters[self.chapter]
        return self.flags.union(*(flags_of_page(chapter, page) for page in range(number + 1)))

    def at_decision(self, story: Story) -> frozenset[str]:
        """Return the flags that are set when the whole chapter is read."""
        return self.flags | flags_of_pages(story.chapters[self.chapter])


def states(story: Story) -> list[State]:
    """Return each state once, those that are near the beginning first; chapters that are not there are left out.

    Choices count as flags where another choice needs them. Raises TooManyStates above MOST_STATES.
    """
    counted = set(story.flags) | {choice.needs for choice in _choices(story)}
    found = [State(story.first, frozenset(), ())]
    known = {found[0][:2]}
    for state in found:
        for key, choice in choices(story, state):
            if choice.to not in story.chapters:
                continue
            flags = (state.at_decision(story) | flags_of_choice(key, choice)) & counted
            if (choice.to, flags) not in known:
                known.add((choice.to, flags))
                found.append(State(choice.to, flags, (*state.way, key)))
        if len(found) > MOST_STATES:
            raise TooManyStates(
                f"A reader can be in more than {MOST_STATES} states: set fewer flags, or on fewer ways."
            )
    return found


def choices(story: Story, state: State) -> Iterator[tuple[str, Choice]]:
    """Yield what a reader in this state is offered at the end of the chapter."""
    yield from offered(story.chapters[state.chapter], state.at_decision(story)).items()


def _choices(story: Story) -> Iterable[Choice]:
    return (choice for chapter in story.chapters.values() for choice in chapter.choices.values())
