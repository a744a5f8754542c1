"""Whose words a message holds: what somebody else wrote, a bot or an automatism earns nothing and asks for nothing."""

import json
from typing import Any

import pytest

from apps.bot import incoming
from apps.bot.models import Update
from apps.users.models import Person
from diana.events.models import Failure
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, events, message, private_chat, texts, update, user

BOT = {"id": 9, "is_bot": True, "first_name": "Helper"}
GRACE = {"id": 7, "is_bot": False, "first_name": "Grace"}
BORROWED: dict[str, dict[str, Any]] = {
    "forwarded from a user": {"forward_origin": {"type": "user", "sender_user": GRACE, "date": 1}},
    "forwarded from oneself": {"forward_origin": {"type": "user", "sender_user": user(), "date": 1}},
    "forwarded from a hidden user": {"forward_origin": {"type": "hidden_user", "sender_user_name": "Grace", "date": 1}},
    "forwarded from a chat": {"forward_origin": {"type": "chat", "sender_chat": GROUP, "date": 1}},
    "forwarded from where a later version says": {"forward_origin": 5},
    "forwarded as old servers tell it": {"forward_from": GRACE, "forward_date": 1},
    "forwarded from a hidden user, as old servers tell it": {"forward_sender_name": "Grace"},
    "forwarded from a channel, as old servers tell it": {"forward_from_chat": {"id": -5, "type": "channel"}},
    "written by a bot": {"via_bot": BOT},
    "sent by an automatism": {"is_from_offline": True},
}
OWN: dict[str, dict[str, Any]] = {
    "nothing more": {},
    "a quote": {
        "quote": {"text": "x"},
        "external_reply": {"origin": {"type": "user", "sender_user": GRACE, "date": 1}},
    },
    "what is said not to be": {"is_from_offline": False, "is_automatic_forward": False, "via_bot": None},
}


@pytest.mark.parametrize("marks", BORROWED.values(), ids=BORROWED.keys())
def test_words_of_others_are_not_kept(marks: dict[str, Any]) -> None:
    for said in (message("/daily"), message("", chat=GROUP) | {"text": None, "caption": "/daily look"}):
        found = incoming.decode(json.dumps(update(body=said | marks)).encode())
        assert (found.sender, found.answered) == (ADA, False)
        kept = json.loads(found.document)["message"]
        assert kept.keys() - {"media"} == {"chat", "message_id", "date", "from"}


def test_they_earn_nothing_and_ask_for_nothing(sandbox: Sandbox) -> None:
    for chat in (private_chat(), GROUP):
        for marks in BORROWED.values():
            for text in ("hello", "/start"):
                assert deliver(update(body=message(text, chat=chat) | marks)) == 200
    assert deliver(update(body=message("/daily") | BORROWED["forwarded from a user"])) == 200
    answer()
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Failure.objects.exists()
    assert events("game.message_sent", "game.daily_login", "game.login", "user.active_day", "user.registered") == []
    assert texts(sandbox) == texts(sandbox, GROUP["id"]) == []
    assert Person.objects.get().last_act_at is None


def test_own_words_count_and_are_obeyed(sandbox: Sandbox) -> None:
    for marks in OWN.values():
        for text in ("hello", "/daily"):
            deliver(update(body=message(text, chat=GROUP) | marks))
    answer()
    assert len(events("game.message_sent")) == len(events("game.daily_login")) == len(OWN)
