"""Reactions and joins in groups: each counts once for its person, however often it is taken back; bots and shadows do not."""

from typing import Any

import pytest

from apps.bot.models import Chat, Unreadable, Update
from apps.gamification.models import Entry
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from tests.bot.updates import ADA, GROUP, deliver, events, private_chat, update, user

pytestmark = pytest.mark.usefixtures("committed_db")
THUMB = {"type": "emoji", "emoji": "👍"}


def react(*reactions: dict[str, Any], message_id: int = 5, **fields: Any) -> None:
    body = {"chat": GROUP, "message_id": message_id, "user": user(), "date": 1_700_000_000, "old_reaction": []}
    assert deliver(update("message_reaction", body | {"new_reaction": list(reactions)} | fields)) == 200


def change(
    old: str, new: str, *, who: dict[str, Any] | None = None, chat: dict[str, Any] = GROUP, **new_fields: Any
) -> None:
    who = who or user()
    body = {"chat": chat, "from": user(99), "date": 1_700_000_000}
    body["old_chat_member"] = {"status": old, "user": who}
    body["new_chat_member"] = {"status": new, "user": who, **new_fields}
    assert deliver(update("chat_member", body)) == 200


def taken() -> list[str]:
    """Take what came in, without the worker that answers; return the kinds that counted."""
    drain("bot.take_messages")
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Failure.objects.exists()
    return [payload["kind"] for _, payload in events("game.community_participation")]


def test_a_reaction_counts() -> None:
    react(THUMB)
    assert taken() == ["reaction"]
    drain("gamification.award_points")
    assert Entry.objects.get(rule="community_participation").amount > 0
    event = StoredEvent.objects.get(type="game.community_participation")
    assert (event.user_id, Chat.objects.get().telegram_id) == (Update.objects.get().person_id, GROUP["id"])


def test_taking_it_away_and_giving_it_again_is_the_same_reaction() -> None:
    react(THUMB)
    react()
    react(THUMB)
    react({"type": "emoji", "emoji": "🔥"})
    assert taken() == ["reaction"]
    react(THUMB)
    assert taken() == ["reaction"]


def test_every_message_and_every_person_is_another_one() -> None:
    react(THUMB)
    react(THUMB, message_id=6)
    react(THUMB, user=user(ADA + 1))
    react(THUMB, chat=GROUP | {"id": -100_501})
    assert taken() == ["reaction"] * 4


@pytest.mark.parametrize(
    "fields",
    [
        {"user": user(is_bot=True)},
        {"user": None, "actor_chat": GROUP},
        {"chat": private_chat()},
        {"chat": GROUP | {"type": "channel"}},
    ],
    ids=["a bot's", "an anonymous one", "in private", "in a channel"],
)
def test_others_do_not(fields: dict[str, Any]) -> None:
    react(THUMB, **fields)
    assert taken() == []


def test_joining_counts_once_for_each_chat() -> None:
    for _ in range(2):
        change("left", "member")
        change("member", "left")
    change("left", "restricted", is_member=True)
    change("kicked", "administrator", chat=GROUP | {"id": -100_501})
    assert taken() == ["join", "join"]


def test_who_is_let_in_counts_and_not_who_lets_in() -> None:
    change("left", "member")
    assert taken() == ["join"]
    assert {row.user_id for row in StoredEvent.objects.filter(type="game.community_participation")} == {
        Update.objects.get().person_id
    }


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ("member", "administrator", {}),
        ("left", "kicked", {}),
        ("left", "restricted", {"is_member": False}),
        ("left", "member", {"who": user(is_bot=True)}),
        ("left", "member", {"chat": GROUP | {"type": "channel"}}),
    ],
    ids=["a promotion", "a ban", "restricted outside", "a bot", "a channel"],
)
def test_other_changes_do_not(old: str, new: str, fields: dict[str, Any]) -> None:
    change(old, new, **fields)
    assert taken() == []


def test_a_message_in_between_counts_as_before() -> None:
    react(THUMB)
    deliver(update())
    change("left", "member")
    assert taken() == ["reaction", "join"]
    assert len(events("game.message_sent")) == 1


@pytest.mark.parametrize(
    ("broken", "counted"), [({"new_reaction": 5}, 1), ({"date": -1}, 2), ({"message_id": "x"}, 1), ({"user": "x"}, 1)]
)
def test_what_is_not_as_documented_counts_only_where_it_is_not_needed(broken: dict[str, Any], counted: int) -> None:
    react(THUMB, **broken)
    react(THUMB, message_id=9)
    assert taken() == ["reaction"] * counted
    assert Unreadable.objects.count() == ("message_id" in broken)
