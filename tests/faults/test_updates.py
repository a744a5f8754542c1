"""Telegram delivers updates twice, at once, out of order, with gaps and with another body: each counts once."""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.bot.models import Refusal, Update
from apps.gamification.models import Entry
from diana.events import connections
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from tests.bot.updates import GROUP, deliver, message, update, user
from tests.conftest import close_connections

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def sandbox(settings: Any, committed_db: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Bot API that the bot talks to, beside a database with real commits."""
    from diana.sandbox.running import running_sandbox

    monkeypatch.setattr(connections, "RESTED_SECONDS", -1.0)
    with running_sandbox(settings.TELEGRAM_BOT_TOKEN) as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


def deliver_at_once(bodies: list[dict[str, Any]]) -> list[int]:
    """Post them all from threads of their own."""

    def post(body: dict[str, Any]) -> int:
        try:
            return deliver(body)
        finally:
            close_connections()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(post, bodies))


def counted() -> dict[str, int]:
    return dict(Refusal.objects.values_list("reason", "count"))


def awards(rule: str = "message_sent") -> int:
    return Entry.objects.filter(rule=rule).count()


def test_f48_the_same_update_eight_times_at_once() -> None:
    for number in range(5):
        sent = update(body=message(f"message {number}", sender=user(100 + number), chat=GROUP))
        assert deliver_at_once([sent] * 8) == [200] * 8
    drain()
    assert Update.objects.count() == StoredEvent.objects.filter(type="bot.message_received").count() == 5
    assert counted() == {"copy": 35}
    assert awards() == 5


def test_f49_out_of_order_with_gaps_and_jumps() -> None:
    """Ids begin anew after a quiet week, a hundred million up or down; nothing is taken for old because it is lower."""
    chance = random.Random(49)
    ids = [*range(500, 540, 3), *range(10**8, 10**8 + 10), *range(3, 13), 2**31, 2**52]
    chance.shuffle(ids)
    for number, update_id in enumerate(ids):
        assert deliver(update(body=message(f"{number}", chat=GROUP)) | {"update_id": update_id}) == 200
    drain()
    assert set(Update.objects.filter(handled_at__isnull=False).values_list("update_id", flat=True)) == set(ids)
    assert awards() == len(ids)
    assert counted() == {}


def test_f50_other_bodies_under_the_same_id_at_once() -> None:
    """One of them wins, whichever; the others are counted as conflicts and leave neither a person nor an event."""
    bodies = [update(body=message(f"{n}", sender=user(200 + n), chat=GROUP)) | {"update_id": 77} for n in range(8)]
    assert deliver_at_once(bodies) == [200] * 8
    (row,) = Update.objects.all()
    winner = json.loads(bytes(row.body))
    assert winner in bodies
    drain()
    assert counted() == {"conflict": 7}
    assert deliver(winner) == 200
    assert counted() == {"conflict": 7, "copy": 1}
    with connection.cursor() as cursor:
        cursor.execute("SELECT telegram_id FROM users_person")
        assert cursor.fetchall() == [(winner["message"]["from"]["id"],)]
    assert Counter(Entry.objects.values_list("rule", flat=True)) == {"message_sent": 1, "login": 1}
    assert not Failure.objects.exists()
