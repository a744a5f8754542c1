"""What the content keeps of a person: what they were asked, answered, read and found. All of it goes with them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.content.models import AskedQuestion, ChallengeRun, Decision, Discovery, StoryRun
from apps.users.privacy import Part

PERSONAL = (
    "content_asked_question.*",
    "content_challenge_run.*",
    "content_decision.*",
    "content_discovery.*",
    "content_story_run.*",
)
OTHER: tuple[str, ...] = ()


def export(person_id: int) -> dict[str, Any]:
    """Return everything, in the order in which it happened."""
    return {
        "questions": _rows(AskedQuestion, person_id, "question", "shown_at", "answered_at", "choice", "correct"),
        "challenges": _rows(
            ChallengeRun,
            person_id,
            "challenge",
            "local_date",
            "attempt",
            "marks",
            "started_at",
            "completed_at",
            "score",
        ),
        "stories": _rows(StoryRun, person_id, "id", "story", "chapter", "page", "started_at", "completed_at", "ending"),
        "decisions": [
            _plain(row)
            for row in Decision.objects.filter(run__person_id=person_id)
            .order_by("pk")
            .values("run_id", "chapter", "choice", "decided_at")
        ],
        "discoveries": _rows(Discovery, person_id, "kind", "story", "key", "found_at"),
    }


def erase(person_id: int, now: datetime) -> None:
    """Delete all of it, in the caller's transaction with the person's row locked; a second call changes nothing."""
    Decision.objects.filter(run__person_id=person_id).delete()
    for model in (AskedQuestion, ChallengeRun, Discovery, StoryRun):
        model._default_manager.filter(person_id=person_id).delete()


PART = Part("content", PERSONAL, OTHER, export, erase)


def _rows(model: Any, person_id: int, *columns: str) -> list[dict[str, Any]]:
    return [_plain(row) for row in model.objects.filter(person_id=person_id).order_by("pk").values(*columns)]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with moments and dates as JSON can say them."""
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
