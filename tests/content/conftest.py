"""What the tests of the content share: a moment, somebody to play, and the events that came of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.users.models import Person
from diana.events.log import read_events
from diana.events.models import StoredEvent

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Happened = Callable[..., list[tuple[str, dict[str, Any]]]]


def happened(person_id: int, *types: str) -> list[tuple[str, dict[str, Any]]]:
    """Type and payload of the events about a person, in the log's order."""
    ids = StoredEvent.objects.filter(user_id=person_id).values_list("id", flat=True)
    return [(e.type, e.fields) for e in read_events(list(ids)) if not types or e.type in types]


@pytest.fixture
def me(db: None) -> int:
    """Somebody the bot has met."""
    return Person.objects.create(telegram_id=4242, created_at=NOW).pk


@pytest.fixture
def other(db: None) -> int:
    """Somebody else."""
    return Person.objects.create(telegram_id=4343, created_at=NOW).pk
