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
from tests.bot.updates import ADA, GROUP, answer, deliver, events, message, texts, update, user

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


def group(number: int, **fields: Any) -> dict[str, Any]:
    return GROUP | {"id": GROUP["id"] - number} | fields


def test_a_command_in_an_odd_update_is_answered(sandbox: Sandbox) -> None:
    """Each in a group of its own, by a person of their own."""
    for number, odd in enumerate(COMMANDS.values()):
        body = message("/points", chat=group(number), sender=user(ADA + number)) | odd
        body["chat"] |= {"id": group(number)["id"]}
        body["from"] = body["from"] | {"id": ADA + number}
        assert deliver(update(body=body)) == 200
    handled()
    answered = {name: len(texts(sandbox, group(number)["id"])) for number, name in enumerate(COMMANDS)}
    assert answered == dict.fromkeys(COMMANDS, 1)
    assert len(events("user.active_day")) == len(COMMANDS)


def test_an_odd_update_is_handled() -> None:
    for odd in OTHERS.values():
        assert deliver(odd) == 200
    assert Update.objects.count() == len(OTHERS)
    handled()
    assert len(events("game.message_sent")) == 1


def test_what_nobody_reads_keeps_nothing_out(sandbox: Sandbox) -> None:
    for number, value in enumerate(UNREAD.values()):
        for text in ("/points", "hello"):
            sent = update(body=message(text, chat=group(number), sender=user(ADA + number)))
            assert deliver(with_unread(sent, value)) == 200
    handled()
    answered = {name: len(texts(sandbox, group(number)["id"])) for number, name in enumerate(UNREAD)}
    assert answered == dict.fromkeys(UNREAD, 1)
    assert len(events("game.message_sent")) == len(UNREAD)


ODD_TEXTS = [value for value in UNREAD.values() if value.startswith(b'"')]
FIELDS_OF_USERS = ("first_name", "last_name", "username", "language_code")


@pytest.mark.parametrize("value", ODD_TEXTS)
def test_half_characters_are_no_reason_to_refuse(value: bytes) -> None:
    bodies = [message("/start", sender=user(ADA + n, **{f: "MARK"})) for n, f in enumerate(FIELDS_OF_USERS)]
    bodies += [message("hello", chat=GROUP) | {field: "MARK"} for field in ("text", "caption")]
    for body in bodies:
        assert deliver(json.dumps(update(body=body)).encode().replace(b'"MARK"', value[:-1] + b'Ada"')) == 200
    handled()
    people = Person.objects.all()
    assert len(people) == len(FIELDS_OF_USERS)
    assert not any("\x00" in f"{person.first_name}{person.last_name}{person.username}" for person in people)
    assert len(events("game.message_sent")) == 2


def large(text: str, size: int) -> bytes:
    """Return a message of that many bytes, most of them in what it replies to."""
    padded = message(text) | {"reply_to_message": message("") | {"rich_message": {"blocks": "\U0001f600"}}}
    raw = json.dumps(update(body=padded)).encode()
    return raw.replace(
        rb"\ud83d\ude00", rb"\ud83d\ude00" * ((size - len(raw)) // 12 + 1) + b"x" * ((size - len(raw)) % 12)
    )


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
