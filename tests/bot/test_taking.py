"""Taking messages: many at once, as acts, in a fixed number of statements; what cannot be read is told, not repeated."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.bot import acts
from apps.bot.models import Chat, Update
from apps.users.models import Person
from diana import clock
from diana.events import subscriptions, together
from diana.events.lanes import lane_of
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from tests.bot.updates import ADA, GROUP, deliver, events, message, private_chat, say, update, user


def take() -> None:
    drain("bot.take_messages")


def statements_for(people: list[int]) -> int:
    """Return how many statements it takes when each of them has written once and reacted to what is known; all are of one
    lane and known.
    """
    for telegram_id in people:
        say("hello", sender=user(telegram_id), chat=GROUP)
        body = {"chat": GROUP, "message_id": 7, "user": user(telegram_id), "old_reaction": []}
        deliver(update("message_reaction", body | {"new_reaction": [{"type": "emoji", "emoji": "👍"}]}))
    subscriber = subscriptions.subscriber("bot.take_messages")
    with CaptureQueriesContext(connection) as captured:
        together.drain_lanes(subscriber, [3], seconds=5)
    return len(captured)


def test_it_takes_a_fixed_number_of_statements(committed_db: str) -> None:
    people = Person.objects.bulk_create(
        [Person(telegram_id=1000 + n, created_at="2026-01-01T00:00:00Z") for n in range(300)]
    )
    of_one_lane = [person.telegram_id for person in people if lane_of(f"{person.pk}:messages") == 3]
    deliver(update(body=message("hello", sender=user(ADA), chat=GROUP) | {"message_id": 7}))
    take()
    statements_for(of_one_lane[:1])
    assert statements_for(of_one_lane[1:3]) == statements_for(of_one_lane[3:15])
    assert len(events("game.message_sent")) == 16
    assert len(events("game.community_participation")) == 15


def locks(captured: CaptureQueriesContext) -> list[str]:
    """Return in their order what the statements lock or may insert: people and chats."""
    found = []
    for query in captured:
        if "bot_chat" in query["sql"]:
            found.append("chat")
        elif "users_person" in query["sql"] and "FOR NO KEY UPDATE" in query["sql"]:
            found.append("people")
    return [name for name, before in zip(found, ["", *found], strict=False) if name != before]


def test_groups_come_before_people_and_their_own_chats_after(committed_db: str) -> None:
    """One order for all: who takes messages and who answers commands must not wait for each other."""
    say("hello")
    say("hello", chat=GROUP)
    with CaptureQueriesContext(connection) as taking:
        take()
    assert locks(taking)[:3] == ["chat", "people", "chat"], "what act_many locks after that is held already"
    me = Person.objects.get(telegram_id=ADA).pk
    visits = [acts.Visit(me, clock.now(), (chat["id"], chat["type"]), None) for chat in (private_chat(), GROUP)]
    with CaptureQueriesContext(connection) as coming:
        assert acts.come_by(visits) == [None, None]
    assert locks(coming) == ["chat", "people", "chat"]


def test_everybodys_messages_count_in_their_order(committed_db: str) -> None:
    for text in ("one", "two", "three"):
        for telegram_id in (ADA, ADA + 1, ADA + 2):
            say(text * 3, sender=user(telegram_id))
    take()
    for person in Person.objects.all():
        rows = StoredEvent.objects.filter(user_id=person.pk, type="game.message_sent").order_by("id")
        causes = StoredEvent.objects.filter(user_id=person.pk, type="bot.message_received").order_by("id")
        assert [row.causation_id for row in rows] == [cause.event_id for cause in causes]
        assert len(rows) == 3
        assert person.last_act_at is not None
    assert not Update.objects.filter(handled_at=None).exists()
    assert len(events("user.active_day")) == 3


def test_a_chat_that_was_gone_is_there_again(committed_db: str) -> None:
    Chat.objects.create(telegram_id=ADA, kind="private", gone_at="2026-01-01T00:00:00Z")
    say("hello")
    take()
    assert Chat.objects.get().gone_at is None


def test_a_caption_counts_in_a_group_only(committed_db: str) -> None:
    for chat in (GROUP, None):
        body = {**message("", chat=chat), "caption": "look at this"}
        del body["text"]
        deliver(update(body=body))
    take()
    [(_, payload)] = events("game.message_sent")
    assert payload["length"] == 12


ODD: dict[str, dict[str, Any]] = {
    "no date": {"date": None},
    "a date nobody lives to see": {"date": 10**15},
    "a date far off the calendar": {"date": -(10**18)},
    "a chat of no kind": {"chat": {"id": ADA, "type": "cloud"}},
    "a chat without a kind": {"chat": {"id": ADA}},
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD.keys())
def test_what_is_not_as_documented_and_is_not_needed_changes_nothing(committed_db: str, change: dict[str, Any]) -> None:
    assert deliver(update(body=message("hello") | change)) == 200
    take()
    assert len(events("game.message_sent")) == 1
    assert not Update.objects.filter(handled_at=None).exists()
    assert Chat.objects.get().kind == "private"
    (act,) = StoredEvent.objects.filter(type="game.message_sent")
    received_at = Update.objects.get().received_at
    assert received_at - timedelta(hours=24) <= act.occurred_at <= received_at


def test_what_cannot_be_read_is_told_and_keeps_nobody_waiting(committed_db: str) -> None:
    """Rows from before there were documents may hold anything."""
    say("hello")
    Update.objects.update(document=b"", body=b'{"update_id": 1, "message": {"text": 5}}')
    say("hello", sender=user(ADA + 1))
    take()
    assert len(events("bot.update_failed")) == 1
    assert len(events("game.message_sent")) == 1
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Failure.objects.exists()


def test_who_was_erased_meanwhile_does_nothing_any_more(committed_db: str) -> None:
    say("hello")
    Person.objects.update(telegram_id=None, status="erased")
    take()
    assert events("game.message_sent") == []
    assert not Update.objects.filter(handled_at=None).exists()


def test_what_is_done_is_not_done_again(committed_db: str) -> None:
    say("hello")
    Update.objects.update(handled_at="2026-01-01T00:00:00Z")
    take()
    assert events("game.message_sent") == []
