"""What notices keep of a person: what they were told of and when. Nobody needs it once the person is erased."""

from datetime import datetime
from typing import Any

from apps.bot.models import Notice
from apps.users import privacy


def export(person_id: int) -> dict[str, Any]:
    """Return the person's notices, oldest first."""
    fields = ("kind", "fields", "created_at", "due_at", "done_at", "outcome")
    rows = Notice.objects.filter(person_id=person_id).order_by("pk").values(*fields)
    return {"notices": [{name: _plain(value) for name, value in row.items()} for row in rows]}


def erase(person_id: int, now: datetime) -> None:
    """Delete the person's notices, sent or not."""
    Notice.objects.filter(person_id=person_id).delete()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def register() -> None:
    """Add them to the registry of personal data."""
    privacy.register(privacy.Part("notices", ("bot_notice.*",), (), export, erase))
