"""What the tests of people share: a moment, somebody to act, and the events that came of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from apps.users.models import Person, Staff
from diana.audit import Actor
from diana.events.log import read_events
from diana.events.models import StoredEvent

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Published = Callable[..., list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def now() -> datetime:
    """A Sunday noon in UTC."""
    return NOW


@pytest.fixture
def person(db: None) -> Person:
    """Somebody the bot has met, not registered."""
    return Person.objects.create(telegram_id=4242, created_at=NOW)


@pytest.fixture
def actor() -> Actor:
    """A member of staff in the admin."""
    return Actor(7, "ana", "admin")


@pytest.fixture
def root(client: Client, db: None) -> Client:
    """A superuser's browser."""
    client.force_login(Staff.objects.create_superuser("root"))
    return client


@pytest.fixture
def published() -> Published:
    """Return a function that lists type and payload of the events about a person, in the log's order."""

    def read(person_id: int, *types: str) -> list[tuple[str, dict[str, Any]]]:
        ids = StoredEvent.objects.filter(user_id=person_id).values_list("id", flat=True)
        return [(e.type, e.fields) for e in read_events(list(ids)) if not types or e.type in types]

    return read
