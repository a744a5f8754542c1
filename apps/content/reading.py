"""Where a reader stands in a story, read from the rows: everything that a page shows follows from this."""

from collections.abc import Sequence
from typing import NamedTuple

from apps.content import stories
from apps.content.library import library
from apps.content.models import Decision, Discovery, StoryRun
from apps.content.shapes import Chapter, Choice, Story


class Leaf(NamedTuple):
    """A page of a chapter; pages count from 0."""

    chapter: str
    page: int


class Place(NamedTuple):
    """A page of a chapter, or the ending. `came_by` is the choice that led here, None at the beginning.

    `choices` are those offered on the last page. `looked`: the hint of this chapter was pressed, if it has one. `before` and
    `after` are the pages beside it on the reader's way, None at its ends. With `past` the reader has gone on from here and
    looks back: nothing is offered, and on the last page `taken` is what they chose. At an ending `number_of_ending` counts
    from 1 and `endings_found` are those of this story that the person has seen; else both are 0.
    """

    story: Story
    chapter: str
    page: int
    ending: str
    came_by: Choice | None
    choices: dict[str, Choice]
    looked: bool
    before: Leaf | None = None
    after: Leaf | None = None
    past: bool = False
    taken: Choice | None = None
    number_of_ending: int = 0
    endings_found: int = 0

    @property
    def at_decision(self) -> bool:
        """Say whether this is the page of the decision."""
        return self.page == stories.last_page(self.story.chapters[self.chapter])


class _Step(NamedTuple):
    """A page on somebody's way, the choice that led to its chapter, and the one made at the chapter's end."""

    leaf: Leaf
    came_by: Choice | None
    taken: Choice | None


def place_of(run: StoryRun) -> Place:
    """Return where the reading is. Two queries, a third at an ending and at a chapter with a hint."""
    story = library().stories[run.story]
    chapter, page = stories.place(story, run.chapter, run.page)
    decided = _decided(run)
    made = [_choice(story, left, key) for left, key in decided]
    ending = run.ending if run.ending in story.endings else None
    way = [step.leaf for step in _way(story, decided, None if ending else Leaf(chapter, page))]
    place = Place(
        story,
        chapter,
        page,
        ending or "",
        made[-1] if made else None,
        stories.offered(story.chapters[chapter], stories.flags_of(story, decided, chapter)),
        _looked(run, story.chapters[chapter]),
    )
    if ending is None:
        return place._replace(before=way[-2] if len(way) > 1 else None)
    found = _found_endings(run, story)
    number = list(story.endings).index(ending) + 1
    return place._replace(before=way[-1] if way else None, number_of_ending=number, endings_found=found)


def look_back(run: StoryRun, leaf: Leaf) -> Place:
    """Return a page on the way to where the reading is; where it is if that page is not on the way. One query more."""
    here = place_of(run)
    present = None if here.ending else Leaf(here.chapter, here.page)
    way = _way(here.story, _decided(run), present)
    at = next((number for number, step in enumerate(way) if step.leaf == leaf), None)
    if at is None or leaf == present:
        return here
    chapter = here.story.chapters[leaf.chapter]
    is_last = leaf.page == stories.last_page(chapter)
    return Place(
        here.story,
        *leaf,
        "",
        way[at].came_by,
        {},
        is_last and _looked(run, chapter),
        before=way[at - 1].leaf if at else None,
        after=way[at + 1].leaf if at + 1 < len(way) else None,
        past=True,
        taken=way[at].taken if is_last else None,
    )


def _decided(run: StoryRun) -> list[tuple[str, str]]:
    """Return the chapters and choices of the decisions, in their order."""
    return list(Decision.objects.filter(run=run).order_by("pk").values_list("chapter", "choice"))


def _choice(story: Story, chapter: str, key: str) -> Choice | None:
    return story.chapters[chapter].choices.get(key) if chapter in story.chapters else None


def _way(story: Story, decided: Sequence[tuple[str, str]], present: Leaf | None) -> list[_Step]:
    """Return every page from the beginning to `present`, or to the ending; chapters that are not there are left out."""
    way: list[_Step] = []
    came_by: Choice | None = None
    for chapter, key in decided:
        taken = _choice(story, chapter, key)
        if chapter in story.chapters:
            pages = range(stories.last_page(story.chapters[chapter]) + 1)
            way += [_Step(Leaf(chapter, page), came_by, taken) for page in pages]
        came_by = taken
    if present is not None:
        way += [_Step(Leaf(present.chapter, page), came_by, None) for page in range(present.page + 1)]
    return way


def _looked(run: StoryRun, chapter: Chapter) -> bool:
    hint = chapter.hint
    return hint is not None and Discovery.objects.filter(person_id=run.person_id, key=hint.secret).exists()


def _found_endings(run: StoryRun, story: Story) -> int:
    """Return how many endings the person has seen, of those that the story has now."""
    seen = Discovery.objects.filter(person_id=run.person_id, story=run.story, kind=Discovery.Kind.ENDING)
    return seen.filter(key__in=list(story.endings)).count()
