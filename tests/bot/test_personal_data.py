"""What the bot empties when somebody is erased, and what it must leave alone."""

from datetime import timedelta
from typing import Any

import pytest

from apps.bot.models import Chat, StartPayload, Unreadable, Update
from apps.bot.personal_data import erase, export
from apps.users.models import Person
from tests.gamification.acts import NOON, person

pytestmark = pytest.mark.django_db


def keep(person_id: int | None, body: bytes = b"{}", **fields: Any) -> Update:
    number = Update.objects.count() + 1
    values = {"bot_id": 1, "update_id": number, "kind": "message", "chat_id": 5, "received_at": NOON}
    return Update.objects.create(**(values | {"person_id": person_id, "body": body} | fields))


def bodies() -> list[bytes]:
    return [bytes(body) for body in Update.objects.order_by("pk").values_list("body", flat=True)]


def test_ones_own_updates_are_emptied_whatever_they_hold_and_count_as_done() -> None:
    me = person()
    keep(me, b"no number in it")
    keep(me, b"\xff", handled_at=NOON - timedelta(days=1))
    for _ in range(2):
        erase(me, NOON)
    assert bodies() == [b"", b""]
    assert list(Update.objects.order_by("pk").values_list("chat_id", "handled_at", "person_id")) == [
        (None, NOON, me),
        (None, NOON - timedelta(days=1), me),
    ]


def test_of_others_only_what_is_done_and_names_the_person_is_emptied() -> None:
    me, other = person(), person()
    number = str(Person.objects.get(pk=me).telegram_id).encode()
    keep(other, b'{"reply to": %s}' % number, handled_at=NOON)
    keep(other, b'{"waits": %s}' % number)
    keep(other, b"of themselves", handled_at=NOON)
    erase(me, NOON)
    assert bodies() == [b"", b'{"waits": %s}' % number, b"of themselves"]
    assert set(Update.objects.values_list("chat_id", flat=True)) == {5}


def test_chat_and_first_link_go_and_those_of_others_stay() -> None:
    me, other = person(), person()
    for somebody in (me, other):
        number = Person.objects.get(pk=somebody).telegram_id
        Chat.objects.create(telegram_id=number, kind="private")
        StartPayload.objects.create(person_id=somebody, payload="r_x", received_at=NOON)
    erase(me, NOON)
    assert Chat.objects.get().telegram_id == Person.objects.get(pk=other).telegram_id
    assert StartPayload.objects.get().person_id == other


def test_what_cannot_be_read_any_more_is_exported_as_nothing() -> None:
    me = person()
    keep(me, b"\xff")
    keep(me, b"")
    keep(me, b'{"message": {"text": "mine"}}')
    assert [row["body"] for row in export(me)["updates"]] == [None, None, {"message": {"text": "mine"}}]


def test_what_could_not_be_read_goes_with_whom_it_names() -> None:
    me = person()
    number = str(Person.objects.get(pk=me).telegram_id).encode()
    for body in (b'{"from": %s' % number, b"somebody else"):
        Unreadable.objects.create(bot_id=1, reason="body", body=body, received_at=NOON)
    erase(me, NOON)
    assert bytes(Unreadable.objects.get().body) == b"somebody else"
