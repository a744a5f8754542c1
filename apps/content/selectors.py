"""Reads about what there is to do, and how far somebody has come with it."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Max
from django.db.models.functions import Coalesce

from apps.content import trivia
from apps.content.library import library
from apps.content.models import AskedQuestion, Decision, Discovery, StoryRun
from apps.content.shapes import Story


class Shelved(NamedTuple):
    """A story and how far the person has come: what they have read and found, of how much, and whether they are in it."""

    story: Story
    chapters: int
    endings: int
    secrets: int
    begun: bool
    open: bool


def last_seen(person_id: int) -> dict[str, datetime]:
    """Return when each trivia question was last answered by the person, or asked; one query."""
    seen = AskedQuestion.objects.filter(person_id=person_id).values_list("question")
    return dict(seen.annotate(last=Max(Coalesce("answered_at", "shown_at"))))


def has_question(person_id: int, now: datetime) -> bool:
    """Say whether there is a trivia question for the person: one that is open, or one that rests no longer; two queries."""
    if AskedQuestion.objects.filter(person_id=person_id, answered_at=None).exists():
        return True
    return trivia.next_question(library().questions, last_seen(person_id), person_id, now) is not None


def shelf(person_id: int) -> list[Shelved]:
    """Return every story with the person's progress; three queries."""
    runs = list(StoryRun.objects.filter(person_id=person_id).values_list("story", "completed_at"))
    read = set(Decision.objects.filter(run__person_id=person_id).values_list("run__story", "chapter"))
    found = set(Discovery.objects.filter(person_id=person_id).values_list("story", "kind", "key"))
    return [
        Shelved(
            story,
            sum((key, chapter) in read for chapter in story.chapters),
            sum((key, "ending", ending) in found for ending in story.endings),
            sum((key, "secret", secret) in found for secret in story.secrets),
            any(name == key for name, _ in runs),
            (key, None) in runs,
        )
        for key, story in library().stories.items()
    ]
