"""Whatever Telegram's server can send is accepted, kept and handled: no status that has it come again, no dead letter."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.bot.models import Refusal, Unreadable, Update
from apps.users.models import Person
from diana.events.models import Delivery, Failure
from diana.sandbox.running import Sandbox
from tests.bot.odd_updates import COMMANDS, OTHERS, UNREAD, with_unread
from tests.bot.updates import GROUP, answer, deliver, events, message, texts, update, user

pytestmark = pytest.mark.usefixtures("sandbox")


def handled() -> None:
    """Handle what came in and see that nothing of it is left, failed or set aside."""
    answer()
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()
    assert not Unreadable.objects.exists()
    assert events("bot.update_failed") == []
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("odd", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_command_in_an_odd_update_is_answered(sandbox: Sandbox, odd: dict[str, Any]) -> None:
    assert deliver(update(body=message("/points", chat=GROUP) | odd)) == 200
    handled()
    assert len(texts(sandbox, GROUP["id"])) == 1
    assert len(events("game.login", "user.active_day")) > 0


@pytest.mark.parametrize("odd", OTHERS.values(), ids=OTHERS.keys())
def test_an_odd_update_is_handled(odd: dict[str, Any]) -> None:
    assert deliver(odd) == 200
    assert Update.objects.count() == 1
    handled()


@pytest.mark.parametrize("value", UNREAD.values(), ids=UNREAD.keys())
def test_what_nobody_reads_keeps_nothing_out(sandbox: Sandbox, value: bytes) -> None:
    assert deliver(with_unread(update(body=message("/points")), value)) == 200
    assert deliver(with_unread(update(body=message("hello")), value)) == 200
    handled()
    assert len(texts(sandbox)) == 1
    assert len(events("game.message_sent")) == 1


ODD_TEXTS = {name: value for name, value in UNREAD.items() if value.startswith(b'"')}


@pytest.mark.parametrize("value", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
@pytest.mark.parametrize("field", ["text", "caption", "first_name", "last_name", "username", "language_code"])
def test_half_characters_are_no_reason_to_refuse(field: str, value: bytes) -> None:
    sender = user(**{field: "MARK"}) if field not in ("text", "caption") else user()
    body = message("/start" if sender != user() else "hello", sender=sender)
    if sender == user():
        body |= {field: "MARK"}
    assert deliver(json.dumps(update(body=body)).encode().replace(b'"MARK"', value)) == 200
    handled()
    (person,) = Person.objects.all()
    assert "\x00" not in f"{person.first_name}{person.last_name}{person.username}"


def large(text: str, size: int) -> bytes:
    """Return a message of that many bytes, most of them in what it replies to."""
    padded = message(text) | {"reply_to_message": message("") | {"rich_message": {"blocks": "\U0001f600"}}}
    raw = json.dumps(update(body=padded)).encode()
    return raw.replace(rb"\ud83d\ude00", rb"\ud83d\ude00" * ((size - len(raw)) // 12 + 1) + b"x" * ((size - len(raw)) % 12))


@pytest.mark.parametrize("size", [394_807, 789_596, 2**20])
def test_an_update_of_a_mebibyte_is_accepted_and_kept_without_what_nobody_reads(sandbox: Sandbox, size: int) -> None:
    body = large("/points", size)
    assert len(body) == size
    assert deliver(body) == 200
    row = Update.objects.get()
    assert len(row.document) < 500
    assert bytes(row.body) == body
    handled()
    row.refresh_from_db()
    assert bytes(row.body) == b""
    assert len(texts(sandbox)) == 1


def test_one_byte_more_is_refused() -> None:
    assert deliver(large("hello", 2**20) + b" ") == 413


@pytest.mark.parametrize("make", [lambda: message("hello"), lambda: message("/points")], ids=["a text", "a command"])
def test_a_copy_and_a_conflict_are_told_apart_after_the_body_is_gone(make: Callable[[], dict[str, Any]]) -> None:
    sent = update(body=make())
    assert deliver(sent) == 200
    handled()
    assert deliver(sent) == 200
    assert deliver(sent | {"later": 1}) == 200
    assert dict(Refusal.objects.values_list("reason", "count")) == {"copy": 1, "conflict": 1}


def test_a_replay_does_with_the_document(sandbox: Sandbox) -> None:
    from diana.events.models import StoredEvent

    assert deliver(update(body=message("/points", chat=GROUP))) == 200
    handled()
    row = Update.objects.get()
    Update.objects.update(handled_at=None)
    event = StoredEvent.objects.get(event_id=row.event_id)
    Delivery.objects.create(subscriber="bot.handle_update", lane=event.lane, position=event.pk, key=event.key)
    handled()
    assert len(texts(sandbox, GROUP["id"])) == 2


@pytest.mark.parametrize("text", ["/points", "hello"])
def test_what_was_kept_before_there_were_documents_is_handled_and_keeps_its_body(sandbox: Sandbox, text: str) -> None:
    odd = COMMANDS["in reply to an old poll"]
    assert deliver(update(body=message(text, chat=GROUP) | odd)) == 200
    Update.objects.update(document=b"", body_digest=None)
    body = bytes(Update.objects.get().body)
    handled()
    assert bytes(Update.objects.get().body) == body
    assert len(texts(sandbox, GROUP["id"])) + len(events("game.message_sent")) == 1


@pytest.mark.parametrize(
    "part",
    [
        {"message": "hello"},
        {"message": {"text": "no chat"}},
        {"message": message("paid") | {"successful_payment": {"total_amount": "100"}}},
        {"callback_query": {"id": "1"}},
        {"chat_member": {"chat": GROUP, "new_chat_member": {"status": "member"}}},
        {"pre_checkout_query": {"id": "1", "from": user(), "total_amount": "100"}},
    ],
    ids=lambda part: next(iter(part)),
)
def test_what_cannot_be_read_is_set_aside_whole_and_not_asked_for_again(part: dict[str, Any]) -> None:
    sent = {"update_id": 77} | part
    assert [deliver(sent) for _ in range(2)] == [200, 200]
    assert not Update.objects.exists()
    kept = Unreadable.objects.get()
    assert (kept.update_id, json.loads(bytes(kept.body))) == (77, sent)
    assert dict(Refusal.objects.values_list("reason", "count")) == {"body": 1}
