"""Where a reader stands in a story, read from the rows: everything that a page shows follows from this."""

from typing import NamedTuple

from apps.content import stories
from apps.content.library import library
from apps.content.models import Decision, Discovery, StoryRun
from apps.content.shapes import Choice, Story


class Place(NamedTuple):
    """A page of a chapter, or the ending. `came_by` is the choice that led here, None at the beginning.

    `choices` are those offered on the last page. `looked`: the hint of this chapter was pressed, if it has one.
    """

    story: Story
    chapter: str
    page: int
    ending: str
    came_by: Choice | None
    choices: dict[str, Choice]
    looked: bool

    @property
    def at_decision(self) -> bool:
        """Say whether this is the page of the decision."""
        return self.page == stories.last_page(self.story.chapters[self.chapter])


def place_of(run: StoryRun) -> Place:
    """Return where the reading is. At most three queries."""
    story = library().stories[run.story]
    chapter, page = stories.place(story, run.chapter, run.page)
    decisions = list(Decision.objects.filter(run=run).order_by("pk"))
    ending = run.ending if run.ending in story.endings else ""
    hint = story.chapters[chapter].hint
    looked = hint is not None and Discovery.objects.filter(person_id=run.person_id, key=hint.secret).exists()
    flags = stories.flags_of(story, [(decision.chapter, decision.choice) for decision in decisions], chapter)
    return Place(
        story,
        chapter,
        page,
        ending or "",
        _choice(story, decisions[-1]) if decisions else None,
        stories.offered(story.chapters[chapter], flags),
        looked,
    )


def _choice(story: Story, decision: Decision) -> Choice | None:
    chapter = story.chapters.get(decision.chapter)
    return chapter.choices.get(decision.choice) if chapter else None
