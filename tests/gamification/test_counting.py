"""What awarding counts for the metrics: acts, awards, what was suppressed and why, the time it took."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.gamification import awards
from diana import metrics
from diana.events import log
from diana.events.models import StoredEvent
from tests.gamification.acts import NOON, award, daily, event, happen, message, person


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was told to the metrics."""
    told: list[Any] = []
    monkeypatch.setattr(metrics, "awarded", lambda *arguments: told.append(arguments))
    return told


def test_a_committed_batch_is_counted_by_rule_and_reason(committed_db: str, counted: list[Any]) -> None:
    who = person()
    until = (NOON + timedelta(hours=1)).isoformat()
    award(message(who), daily(who), daily(who), event("vip.granted", who, grant=1, source="gift", until=until))
    acts, by_rule, points, suppressed, seconds = counted[0]
    assert (acts, by_rule, points, suppressed) == (4, {"message_sent": 1, "daily_login": 1}, 55, {"limit": 1})
    assert all(0 < taken < 5 for taken in seconds)


def test_what_was_rolled_back_is_not_counted(committed_db: str, counted: list[Any]) -> None:
    happen(message(person()))
    envelopes = log.read_events(list(StoredEvent.objects.values_list("id", flat=True)))
    with transaction.atomic():
        awards.award(envelopes)
        transaction.set_rollback(True)
    assert counted == []
    with transaction.atomic():
        awards.award(envelopes)
        awards.award(envelopes)
    assert [told[0] for told in counted] == [1]


def test_the_meters_take_it() -> None:
    before = metrics.totals()
    metrics.awarded(3, {"login": 2}, 20, {"cap": 1}, (0.001, 0.002))
    after = metrics.totals()
    for name, number in (("acts_processed", 3), ("awards", 2), ("points_awarded", 20), ("awards_suppressed", 1)):
        assert after[f"diana_{name}"] - before.get(f"diana_{name}", 0) == number
