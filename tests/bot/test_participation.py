"""Reactions and joins in groups: each counts once for its person, however often it is taken back; bots and shadows do not.
A reaction counts if the message is of somebody else and was seen within seven days.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from apps.bot import seen_messages, tasks
from apps.bot.chats import move_chat
from apps.bot.models import Chat, SeenMessage, Unreadable, Update
from apps.bot.personal_data import erase
from apps.gamification.models import Entry
from apps.users.models import Person
from diana import clock
from diana.events import subscriptions, together
from diana.events.lanes import lane_of
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from tests.bot.updates import ADA, GROUP, deliver, events, message, private_chat, update, user

pytestmark = pytest.mark.usefixtures("committed_db")
THUMB = {"type": "emoji", "emoji": "👍"}
BOB = ADA + 10


def written(message_id: int = 5, *, text: str | None = "hello", **fields: Any) -> None:
    """Let Bob write in the group; the fields replace those of his message, None removes one."""
    body = message(text or "", sender=user(BOB), chat=GROUP) | {"message_id": message_id, "text": text} | fields
    assert deliver(update(body={name: value for name, value in body.items() if value is not None})) == 200


@pytest.fixture
def seen(committed_db: str) -> None:
    """A message to react to."""
    written()


def sent_again(number: int, *, age: timedelta) -> None:
    """Let the message have been sent so long ago."""
    found = SeenMessage.objects.filter(message=number)
    (row,) = found.values("chat", "message", "person_id")
    found.delete()
    SeenMessage.objects.create(**row, sent_at=clock.now() - age)


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


def test_a_reaction_counts(seen: None) -> None:
    react(THUMB)
    assert taken() == ["reaction"]
    drain("gamification.award_points")
    assert Entry.objects.get(rule="community_participation").amount > 0
    event = StoredEvent.objects.get(type="game.community_participation")
    reaction = Update.objects.get(kind="message_reaction")
    assert (event.user_id, Chat.objects.get().telegram_id) == (reaction.person_id, GROUP["id"])


def test_taking_it_away_and_giving_it_again_is_the_same_reaction(seen: None) -> None:
    react(THUMB)
    react()
    react(THUMB)
    react({"type": "emoji", "emoji": "🔥"})
    assert taken() == ["reaction"]
    react(THUMB)
    assert taken() == ["reaction"]


def test_every_message_and_every_person_is_another_one(seen: None) -> None:
    written(6)
    written(5, chat=GROUP | {"id": -100_501})
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
def test_others_do_not(seen: None, fields: dict[str, Any]) -> None:
    react(THUMB, **fields)
    assert taken() == []


def test_reactions_to_messages_that_nobody_saw_are_paid_nothing() -> None:
    """Somebody alone in a group has nobody's messages to react to."""
    for number in range(60):
        react(THUMB, message_id=1 + number)
    assert taken() == []
    drain("gamification.award_points")
    assert not Entry.objects.exists()


def test_a_reaction_to_what_is_nobody_elses_message_is_no_act() -> None:
    """Not even a visit: one could come by in a group of one's own every half hour."""
    written(1, **{"from": user()})
    written(2, **{"from": user(1, is_bot=True)})
    written(3, text="/points")
    written(4, text="", new_chat_members=[user(BOB)])
    written(5, chat=GROUP | {"id": -100_501})
    written(6)
    drain("bot.take_messages")
    sent_again(6, age=timedelta(days=8, minutes=1))
    before = events("user.active_day", "game.login")
    for message_id in (1, 2, 3, 4, 5, 6, 7):
        react(THUMB, message_id=message_id)
        react(THUMB, message_id=message_id, user=user() if message_id == 1 else user(ADA + 1))
    drain("bot.take_messages")
    assert events("user.active_day", "game.login", "game.community_participation") == before


KINDS: list[dict[str, Any]] = [
    {"text": "hello"},
    {"text": None, "photo": [{"file_id": "x", "file_unique_id": "y", "width": 9, "height": 9}]},
    {"text": None, "caption": "look", "video": {"file_id": "x"}},
    {"text": None, "sticker": {"file_id": "x", "type": "regular"}},
    {"text": None, "location": {"latitude": 1.5, "longitude": 2.5}},
    {"forward_origin": {"type": "hidden_user", "sender_user_name": "N", "date": 1_700_000_000}},
    {"text": "/points", "forward_sender_name": "N", "forward_date": 1_700_000_000},
    {"via_bot": user(1, is_bot=True)},
]


def test_whatever_somebody_sends_may_be_reacted_to() -> None:
    for number, fields in enumerate(KINDS):
        written(number + 1, **fields)
        react(THUMB, message_id=number + 1)
    assert taken() == ["reaction"] * len(KINDS)
    assert SeenMessage.objects.count() == len(KINDS)


def test_it_counts_also_where_its_message_waits_in_the_lane_of_its_author() -> None:
    """Lanes are worked on side by side: a reaction may be taken before what it was given to."""
    written()
    react(THUMB)
    by_person = {row.kind: row.person_id for row in Update.objects.all()}
    lanes = [lane_of(f"{by_person[kind]}:messages") for kind in ("message_reaction", "message")]
    assert lanes[0] != lanes[1]
    together.drain_lanes(subscriptions.subscriber("bot.take_messages"), lanes[:1], seconds=5)
    assert Update.objects.get(kind="message").handled_at is None
    assert taken() == ["reaction"]


def test_seen_messages_are_kept_for_seven_days_and_not_beyond_an_erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 6):
        written(number)
    written(6, **{"from": user(ADA + 1)})
    taken()
    now = clock.now()
    for number in range(1, 4):
        sent_again(number, age=timedelta(days=7, minutes=1))
    sent_again(4, age=timedelta(days=6, hours=23))
    monkeypatch.setattr("apps.bot.seen_messages.DELETE_AT_ONCE", 2)
    tasks.delete_old_updates()
    assert set(SeenMessage.objects.values_list("message", flat=True)) == {4, 5, 6}
    erase(Person.objects.get(telegram_id=BOB).pk, now)
    assert list(SeenMessage.objects.values_list("message", flat=True)) == [6]


def test_joining_counts_once_for_each_chat_and_person_ever() -> None:
    """Also when the updates are gone, and when the group has become a supergroup."""
    for _ in range(2):
        change("left", "member")
        change("member", "left")
    change("left", "restricted", is_member=True)
    change("kicked", "administrator", chat=GROUP | {"id": -100_501})
    assert taken() == ["join", "join"]
    Update.objects.all().delete()
    assert move_chat(old=GROUP["id"], new=-100_900)
    for chat in (GROUP, GROUP | {"id": -100_501}, GROUP | {"id": -100_900}):
        change("left", "member", chat=chat)
    assert taken() == ["join", "join"]
    drain("gamification.award_points")
    assert Entry.objects.filter(rule="group_joined").count() == 2


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


def test_a_message_in_between_counts_as_before(seen: None) -> None:
    react(THUMB)
    deliver(update())
    change("left", "member")
    assert taken() == ["reaction", "join"]
    assert sorted(payload["place"] for _, payload in events("game.message_sent")) == ["group", "private"]


@pytest.mark.parametrize(
    ("broken", "counted"), [({"new_reaction": 5}, 1), ({"date": -1}, 2), ({"message_id": "x"}, 1), ({"user": "x"}, 1)]
)
def test_what_is_not_as_documented_counts_only_where_it_is_not_needed(
    seen: None, broken: dict[str, Any], counted: int
) -> None:
    written(9)
    react(THUMB, **broken)
    react(THUMB, message_id=9)
    assert taken() == ["reaction"] * counted
    assert Unreadable.objects.count() == ("message_id" in broken)


@pytest.mark.parametrize("places", [1, 60])
def test_what_waits_is_not_read_for_each_batch(places: int) -> None:
    """After an outage all that a community wrote waits: each batch looks up its own reactions among it."""
    waiting = [
        Update(
            bot_id=1,
            update_id=number,
            person_id=1,
            kind="message",
            chat_id=GROUP["id"],
            document=b'{"message":{"chat":{"id":-100500,"type":"supergroup"},"text":"hello","message_id":%d}}' % number,
            received_at=clock.now(),
        )
        for number in range(1, 3_001)
    ]
    Update.objects.bulk_create(waiting)
    wanted = [seen_messages.Place(GROUP["id"], 7, 10 * number) for number in range(1, places + 1)]
    assert seen_messages.authors(wanted).keys() == {(7, place.message) for place in wanted}
    columns = dict(zip(("telegram_chats", "chats", "messages"), map(list, zip(*wanted, strict=True)), strict=True))
    for told in ("SELECT 1", "ANALYZE bot_update"):
        with connections["owner"].cursor() as cursor:
            cursor.execute(told)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {seen_messages._AUTHORS}", columns)
            [[[found]]] = cursor.fetchall()
        assert most_rows(found["Plan"]) <= places


def most_rows(plan: dict[str, Any]) -> float:
    """Return the most rows that a step of the plan gave, or looked at in vain."""
    looked_at = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return max([looked_at, *map(most_rows, plan.get("Plans", []))])
