"""The door answers for its health and shows its numbers, though its role of the database sees little of the rest."""

from typing import Any

import pytest

from diana.events import overview
from diana.health import readiness
from diana.local.roles import DOOR, STAFF
from tests.acting_roles import acting
from tests.door import DoorClient


@pytest.mark.parametrize("role", [DOOR, STAFF])
def test_its_role_may_read_how_the_bus_stands(committed_db: str, settings: Any, role: str) -> None:
    settings.DATABASE_PART = {DOOR: "door", STAFF: "staff"}[role]
    with acting(role):
        found = overview.read()
    assert found.subscribers
    with acting(role):
        readiness._ask_database()
        assert readiness._ask_bus() == ["no relay is awake"]


def test_it_shows_its_numbers(committed_db: str, settings: Any) -> None:
    settings.DATABASE_PART = "door"
    text = DoorClient().get("/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"}).content.decode()
    assert "diana_database_up 1.0" in text
    assert "diana_lag_events{" in text
