"""Who becomes a person: who wrote as a human. Nobody does by a post, an anonymous admin, a bot or a channel."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.bot import incoming
from apps.bot.models import Update
from apps.users.models import Person
from diana.events.models import Delivery, Failure
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, events, message, press, private_chat, update, user

CHANNEL = {"id": -1_009_900_000_009, "type": "channel", "title": "News"}
SERVICE = {"id": 777_000, "is_bot": False, "first_name": "Telegram"}
ANONYMOUS = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
OF_CHANNEL = {"id": 136_817_688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
BOT = {"id": 9, "is_bot": True, "first_name": "Helper"}
THUMB = {"type": "emoji", "emoji": "👍"}


def said(*, sender: dict[str, Any] | None = None, chat: dict[str, Any] = GROUP, **fields: Any) -> list[dict[str, Any]]:
    """Return a text and commands with these fields."""
    texts = ("News of the day", "/daily", "/start")
    return [update(body=message(text, sender=sender or user(), chat=chat) | fields) for text in texts]


def edited(**fields: Any) -> dict[str, Any]:
    return update("edited_message", message("News", chat=GROUP) | fields)


def reacted(**fields: Any) -> dict[str, Any]:
    body = {"chat": GROUP, "message_id": 5, "user": user(), "date": 1, "old_reaction": [], "new_reaction": [THUMB]}
    return update("message_reaction", body | fields)


def changed(old: str, new: str, *, who: dict[str, Any], chat: dict[str, Any] = GROUP) -> dict[str, Any]:
    standings = {
        f"{which}_chat_member": {"user": who, "status": status} for which, status in (("old", old), ("new", new))
    }
    return update("chat_member", {"chat": chat, "from": user(8), "date": 1} | standings)


def pressed_in(chat: dict[str, Any]) -> dict[str, Any]:
    below = press("v1|help|show|1")
    below["callback_query"]["message"]["chat"] = chat
    return below


def let_into(chat: dict[str, Any]) -> dict[str, Any]:
    body = {"chat": chat, "from": user(), "date": 1, "old_chat_member": {"user": BOT, "status": "left"}}
    return update("my_chat_member", body | {"new_chat_member": {"user": BOT, "status": "administrator"}})


POST = {"sender_chat": CHANNEL, "is_automatic_forward": True}
NOBODY: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "a post of the linked channel": lambda: said(sender=SERVICE, **POST),
    "a post that says little of itself": lambda: said(sender=SERVICE),
    "a message of Telegram": lambda: said(sender=SERVICE, chat=private_chat(777_000)),
    "an anonymous admin": lambda: said(sender=ANONYMOUS, sender_chat=GROUP),
    "an anonymous admin not called a bot": lambda: said(sender=ANONYMOUS | {"is_bot": False}),
    "somebody as a channel": lambda: said(sender=OF_CHANNEL, sender_chat=CHANNEL),
    "somebody as a channel not called a bot": lambda: said(sender=OF_CHANNEL | {"is_bot": False}),
    "whatever is sent for a chat": lambda: said(sender_chat=CHANNEL),
    "a chat of a later shape": lambda: said(sender_chat=5),
    "an automatic forward": lambda: said(is_automatic_forward=True),
    "a bot for a business": lambda: said(sender_business_bot=BOT),
    "a bot": lambda: said(sender=BOT),
    "a message in a channel": lambda: said(chat=CHANNEL),
    "an edited post": lambda: [edited(**POST, **{"from": SERVICE}), edited(sender_chat=CHANNEL), edited(chat=CHANNEL)],
    "a reaction of a chat": lambda: [reacted(actor_chat=CHANNEL), reacted(user=None, actor_chat=GROUP)],
    "a reaction in a channel": lambda: [reacted(chat=CHANNEL)],
    "a reaction of Telegram": lambda: [reacted(user=SERVICE)],
    "a join of a channel": lambda: [changed("left", "member", who=user(), chat=CHANNEL)],
    "a join of a service account": lambda: [changed("left", "member", who=ANONYMOUS | {"is_bot": False})],
    "a press in a channel": lambda: [pressed_in(CHANNEL)],
    "the bot let into a channel": lambda: [let_into(CHANNEL)],
}


@pytest.mark.parametrize("make", NOBODY.values(), ids=NOBODY.keys())
def test_nobody_sent_it(make: Callable[[], list[dict[str, Any]]]) -> None:
    for sent in make():
        found = incoming.decode(json.dumps(sent).encode())
        assert found.sender is None
        assert found.kind in ("callback_query", "edited_message", "my_chat_member") or not found.answered
        assert b"News" not in found.document, "what nobody wrote is read by nobody"


def test_what_nobody_sent_is_kept_and_comes_to_nothing(sandbox: Sandbox) -> None:
    everything = [sent for make in NOBODY.values() for sent in make()]
    for sent in everything:
        assert deliver(sent) == 200
    assert Update.objects.filter(person_id=None).count() == len(everything)
    assert not Person.objects.exists()
    answer()
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()
    assert events("bot.update_failed", "bot.message_sent", "game.message_sent", "game.community_participation") == []
    assert [call.method for call in sandbox.calls() if call.method != "getMe"] == []


def test_who_was_only_told_of_is_nobody_and_who_is_known_stays_known(committed_db: str) -> None:
    for old, new in (("member", "left"), ("left", "kicked"), ("member", "administrator")):
        deliver(changed(old, new, who=user()))
    named = {"new_chat_members": [user(21)], "left_chat_member": user(22), "text": None}
    deliver(update(body=message("", sender=user(20), chat=GROUP) | named))
    deliver(
        update(body=message("yes", sender=user(20), chat=GROUP) | {"reply_to_message": message("?", sender=user(23))})
    )
    assert list(Person.objects.values_list("telegram_id", flat=True)) == [20]
    deliver(changed("left", "member", who=user()))
    deliver(changed("member", "left", who=user()))
    known = Person.objects.get(telegram_id=ADA).pk
    assert list(Update.objects.order_by("-pk").values_list("person_id", flat=True)[:2]) == [known, known]
