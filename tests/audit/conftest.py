"""What the tests of the audit record share."""

import pytest

from diana.audit import Actor, record
from diana.audit.models import AuditRecord


@pytest.fixture
def actor() -> Actor:
    """A member of staff in the admin."""
    return Actor(7, "ana", "admin")


@pytest.fixture
def written(db: None, actor: Actor) -> AuditRecord:
    """A record as services write them."""
    return record(
        actor=actor,
        act="grant_vip",
        target=("users.Person", 12),
        before={"vip_until": None},
        after={"vip_until": "2026-12-01T00:00:00+00:00"},
        reason=" won the poetry slam ",
    )
