"""The bot's acts on their own, and the walls of its tables."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.bot import services, tasks
from apps.bot.digests import content_digest
from apps.bot.incoming import Incoming
from apps.bot.models import Refusal, Update
from apps.bot.turns import act_time
from diana import clock
from diana.events.models import StoredEvent

NOW = clock.now()


def receive(update_id: int = 1, body: bytes = b"{}") -> int | None:
    return services.receive_update(incoming=Incoming(update_id, "message", 5, 5), body=body, now=NOW)


@pytest.mark.usefixtures("committed_db")
def test_of_copies_that_come_at_once_one_is_kept() -> None:
    def deliver(_: int) -> int | None:
        try:
            return receive()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        kept = [found for found in pool.map(deliver, range(8)) if found is not None]
    assert len(kept) == Update.objects.count() == StoredEvent.objects.count() == 1
    assert Refusal.objects.get().count == 7


@pytest.mark.django_db
def test_refusals_are_counted_by_reason_and_day() -> None:
    for day in (0, 0, 1):
        services.count_refusal(Refusal.Reason.BODY, now=NOW + timedelta(days=day))
    assert sorted(Refusal.objects.values_list("count", flat=True)) == [1, 2]


@pytest.mark.django_db
def test_an_update_is_done_once() -> None:
    update = receive()
    assert update is not None
    for _ in range(2):
        services.finish_updates(finished=[services.Finished(update, ["help"], None, None)], now=NOW)
        services.fail_update(update=update, reason="no", person_id=None, now=NOW)
    assert list(StoredEvent.objects.order_by("id").values_list("type", flat=True)) == [
        "bot.update_received",
        "bot.message_sent",
    ]


@pytest.mark.django_db
def test_a_chat_keeps_its_id_and_comes_back() -> None:
    chat = services.chat_of(telegram_id=-7, kind="group")
    assert services.mark_gone(telegram_chat_id=-7, person_id=None, now=NOW)
    assert services.chat_of(telegram_id=-7, kind="group") == chat
    assert services.mark_gone(telegram_chat_id=-7, person_id=None, now=NOW)


def handled(update_id: int, days_ago: float) -> None:
    update = receive(update_id)
    Update.objects.filter(pk=update).update(handled_at=NOW - timedelta(days=days_ago))


@pytest.mark.django_db
def test_updates_are_deleted_a_week_after_they_were_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "DELETE_AT_ONCE", 2)
    for number, days in enumerate([8, 9, 7.1, 30, 8, 6.9]):
        handled(number, days)
    receive(100)
    assert services.delete_old_updates(now=NOW) == 5
    assert sorted(Update.objects.values_list("update_id", flat=True)) == [5, 100]


@pytest.mark.django_db
def test_nothing_is_deleted_where_nothing_is_old() -> None:
    assert services.delete_old_updates(now=NOW) == 0
    handled(1, 6.9)
    assert services.delete_old_updates(now=NOW) == 0
    assert Update.objects.count() == 1


@pytest.mark.django_db
def test_the_periodic_task_works_once_an_hour() -> None:
    handled(1, 8)
    assert tasks.delete_old_updates() == 1
    handled(2, 8)
    assert tasks.delete_old_updates() is None


@given(st.datetimes(timezones=st.just(NOW.tzinfo)))
def test_an_act_lies_in_the_day_before_its_arrival(said: Any) -> None:
    assert NOW - timedelta(hours=24) <= act_time(said, NOW) <= NOW


def test_an_act_of_now_keeps_its_time() -> None:
    said = NOW - timedelta(seconds=3)
    assert act_time(said, NOW) == said
    assert act_time(None, NOW) == NOW


def test_a_digest_is_blind_to_case_and_spacing_but_not_to_the_person() -> None:
    assert content_digest(1, "Hello  World") == content_digest(1, " ｈello world\n")
    assert content_digest(1, "hello world") != content_digest(2, "hello world")
    assert content_digest(1, "hello world") != content_digest(1, "hello worlds")


def test_a_digest_needs_the_key(settings: Any) -> None:
    before = content_digest(1, "hello")
    settings.SECRET_KEY = "another" * 10
    assert content_digest(1, "hello") != before


@given(st.text(st.characters(codec=None)))
def test_any_text_has_a_digest(text: str) -> None:
    assert len(content_digest(1, text)) == 32


WALLS: dict[str, str] = {
    "a copy": "INSERT INTO bot_update (bot_id, update_id, kind, body, received_at) SELECT 1, 1, 'message', '', now()"
    " FROM generate_series(1, 2)",
    "a chat twice": "INSERT INTO bot_chat (telegram_id, kind) VALUES (1, 'private'), (1, 'private')",
    "a strange chat": "INSERT INTO bot_chat (telegram_id, kind) VALUES (1, 'cave')",
    "a count of none": "INSERT INTO bot_refusal (reason, day, count) VALUES ('body', now(), 0)",
    "a reason twice": "INSERT INTO bot_refusal (reason, day, count) VALUES ('body', '2026-01-01', 1),"
    " ('body', '2026-01-01', 1)",
    "a strange payload": "INSERT INTO bot_start_payload (person_id, payload, received_at) VALUES (1, '<b>', now())",
    "a long payload": "INSERT INTO bot_start_payload (person_id, payload, received_at)"
    " VALUES (1, repeat('a', 65), now())",
    "two payloads": "INSERT INTO bot_start_payload (person_id, payload, received_at)"
    " VALUES (1, 'a', now()), (1, 'b', now())",
}


@pytest.mark.django_db
@pytest.mark.parametrize("statement", WALLS.values(), ids=WALLS.keys())
def test_the_database_refuses(statement: str) -> None:
    with pytest.raises((IntegrityError, DataError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("payload", ["", "<b>", "a" * 65, "a b", "é"])
def test_a_strange_payload_is_left_out(payload: str) -> None:
    assert services.keep_start_payload(person_id=1, payload=payload, now=NOW) is False
