"""What the bot does with what people send: the real library against a real Bot API, real commits, the real bus."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.bot.models import Chat, StartPayload, Update
from apps.users.models import Person
from diana import clock
from diana.events.models import Delivery, Failure, StoredEvent
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, events, message, press, say, texts, update, user

pytestmark = pytest.mark.usefixtures("committed_db")


def test_start_registers_and_greets(sandbox: Sandbox) -> None:
    row = say("/start")
    answer()
    person = Person.objects.get(telegram_id=ADA)
    assert (person.first_name, person.language) == ("Ada", "en")
    assert person.registered_at is not None
    assert "Welcome, Ada!" in texts(sandbox)[0]
    row.refresh_from_db()
    assert row.handled_at is not None
    assert events("bot.message_sent") == [("bot.message_sent", {"template": "welcome"})]
    assert events("game.message_sent") == []


def test_what_follows_from_an_update_names_it_as_its_origin(sandbox: Sandbox) -> None:
    row = say("/start")
    answer()
    followed = StoredEvent.objects.exclude(event_id=row.event_id)
    assert {event.correlation_id for event in followed} == {row.event_id}
    assert "user.registered" in followed.values_list("type", flat=True)


def test_the_payload_of_the_first_link_is_kept(sandbox: Sandbox) -> None:
    for text in ("/start <b>", "/start r_abc-1", "/start r_other"):
        say(text)
    answer()
    assert list(StartPayload.objects.values_list("payload", flat=True)) == ["r_abc-1"]
    assert len(texts(sandbox)) == 3


@pytest.mark.parametrize(("code", "greeting"), [("es", "bienvenida"), ("ru-RU", "Добро"), ("fr", "Welcome")])
def test_it_speaks_the_language_of_the_person(sandbox: Sandbox, code: str, greeting: str) -> None:
    say("/start", sender=user(language_code=code))
    answer()
    assert greeting in texts(sandbox)[0]


def test_a_hostile_name_is_shown_harmlessly(sandbox: Sandbox) -> None:
    say("/start", sender=user(first_name="<b>A\u202ed\x00a & co"))
    answer()
    assert "Welcome, &lt;b&gt;Ada &amp; co!" in texts(sandbox)[0]


@pytest.mark.parametrize("name", ["\u3164", "\u2800", "\ufe0f", "\U000e0067\U000e007f"])
def test_who_has_a_name_that_shows_nothing_is_called_by_number(sandbox: Sandbox, name: str) -> None:
    sender = user(first_name=name, last_name=name)
    person = say("/start", sender=sender).person_id
    say("/profile", sender=sender)
    answer()
    assert f"Welcome, Player {person}!" in texts(sandbox)[0]
    assert f"<b>Player {person}</b>" in texts(sandbox)[1]


def test_joined_characters_of_a_name_reach_the_chat_whole(sandbox: Sandbox) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    say("/start", sender=user(first_name=family))
    say("/profile", sender=user(first_name=family))
    answer()
    assert [family in text for text in texts(sandbox)] == [True, True]


def test_daily_is_an_act_that_has_a_screen(sandbox: Sandbox) -> None:
    say("/daily")
    answer()
    today = clock.now().date().isoformat()
    assert events("game.daily_login", "game.message_sent") == [
        ("game.daily_login", {"local_date": today, "answered": True})
    ]
    assert events("bot.message_sent") == [("bot.message_sent", {"template": "daily"})]
    assert len(texts(sandbox)) == 1


def test_the_day_of_the_daily_reward_is_that_on_the_persons_wall(sandbox: Sandbox) -> None:
    row = say("/daily", at=clock.now().replace(hour=23, minute=30) - timedelta(days=1))
    Person.objects.update(timezone="Pacific/Kiritimati")
    answer()
    ((_, payload),) = events("game.daily_login")
    assert payload["local_date"] == row.received_at.date().isoformat()


def test_a_message_is_an_act_whose_text_stays_here(sandbox: Sandbox) -> None:
    say("Something secret")
    answer()
    ((_, payload),) = events("game.message_sent")
    chat = Chat.objects.get(telegram_id=ADA, kind="private")
    digest = payload["content_digest"]
    assert payload == {"chat": chat.pk, "length": 16, "content_digest": digest, "place": "private"}
    everything = json.dumps(list(StoredEvent.objects.values_list("payload", flat=True)))
    assert "secret" not in everything
    assert str(ADA) not in everything
    assert texts(sandbox) == []


def test_a_person_who_never_said_start_counts(sandbox: Sandbox) -> None:
    say("hello")
    answer()
    assert Person.objects.get().registered_at is None
    assert [type_ for type_, _ in events("user.active_day", "game.login")] == ["user.active_day", "game.login"]


def test_a_message_in_a_group_counts_for_who_wrote_it(sandbox: Sandbox) -> None:
    say("hello all", chat=GROUP)
    answer()
    assert Chat.objects.get().kind == "supergroup"
    assert len(events("game.message_sent")) == 1


def test_a_text_that_only_looks_like_a_command_counts(sandbox: Sandbox) -> None:
    body = message("/ is my favourite letter")
    del body["entities"]
    deliver(update(body=body))
    answer()
    assert len(events("game.message_sent")) == 1


NO_MESSAGES: dict[str, Callable[[], dict[str, Any]]] = {
    "edited": lambda: update("edited_message", message("hello") | {"edit_date": 1}),
    "a command": lambda: update(body=message("/nothing")),
    "a command for another bot": lambda: update(body=message("/help@somebody_bot", chat=GROUP)),
    "of a bot": lambda: update(body=message("hello", sender=user(is_bot=True))),
    "joined": lambda: update(body={**message(""), "text": None, "new_chat_members": [user()]}),
    "a button": lambda: press("v1|help|show|0"),
    "a reaction": lambda: update(
        "message_reaction",
        {"chat": GROUP, "message_id": 1, "date": 1, "user": user(), "old_reaction": [], "new_reaction": []},
    ),
}


@pytest.mark.parametrize("make", NO_MESSAGES.values(), ids=NO_MESSAGES.keys())
def test_what_is_no_message_does_not_count_as_one(sandbox: Sandbox, make: Callable[[], dict[str, Any]]) -> None:
    assert deliver(make()) == 200
    answer()
    assert events("game.message_sent") == []
    assert Update.objects.get().handled_at is not None
    assert not Failure.objects.exists()


def test_an_edit_touches_nothing(sandbox: Sandbox) -> None:
    deliver(update("edited_message", message("hello") | {"edit_date": 1}))
    answer()
    assert Person.objects.get().last_act_at is None


@pytest.mark.parametrize("command", ["/daily", "/start", "/help", "/dance"])
def test_an_edited_command_is_none(sandbox: Sandbox, command: str) -> None:
    deliver(update("edited_message", message(command) | {"edit_date": 1}))
    answer()
    assert events("game.daily_login", "user.registered") == []
    assert texts(sandbox) == []
    assert Update.objects.get().handled_at is not None


@pytest.mark.parametrize("distance", [timedelta(days=-400), timedelta(days=400)])
def test_a_strange_clock_is_held_within_a_day(sandbox: Sandbox, distance: timedelta) -> None:
    row = say("hello", at=clock.now() + distance)
    answer()
    occurred_at = StoredEvent.objects.get(type="game.message_sent").occurred_at
    assert row.received_at - timedelta(hours=24) <= occurred_at <= row.received_at


def test_an_unknown_command_gets_a_hint_in_private_only(sandbox: Sandbox) -> None:
    say("/dance")
    say("/dance", chat=GROUP)
    answer()
    (call,) = sandbox.calls(method="sendMessage")
    assert "/help" in call.parameters["text"]


def test_a_command_in_a_group_is_answered_there(sandbox: Sandbox) -> None:
    row = say("/help", chat=GROUP)
    answer()
    (call,) = sandbox.calls(method="sendMessage")
    sent = json.loads(bytes(row.body))["message"]
    assert (call.chat, call.parameters["reply_parameters"]["message_id"]) == (GROUP["id"], sent["message_id"])


@pytest.mark.parametrize("command", ["/points", "/profile", "/top", "/help"])
def test_each_screen_answers_a_person_without_points(sandbox: Sandbox, command: str) -> None:
    say(command)
    answer()
    assert len(texts(sandbox)) == 1
    assert not Failure.objects.exists()


def test_a_second_delivery_of_the_event_changes_nothing(sandbox: Sandbox) -> None:
    row = say("/daily")
    answer()
    acts = StoredEvent.objects.exclude(type__startswith="bot.")
    before = acts.count()
    Update.objects.update(handled_at=None)
    event = StoredEvent.objects.get(event_id=row.event_id)
    Delivery.objects.create(subscriber="bot.handle_update", lane=event.lane, position=event.pk, key=event.key)
    answer()
    assert acts.count() == before
    assert Update.objects.get().handled_at is not None


def test_a_button_redraws_its_screen(sandbox: Sandbox) -> None:
    person_id = say("/help").person_id
    answer()
    sent = sandbox.calls(method="sendMessage")[0].answer["result"]["message_id"]
    deliver(press(f"v1|profile|show|{person_id}", message_id=sent))
    answer()
    (edit,) = sandbox.calls(method="editMessageText")
    assert "Ada" in edit.parameters["text"] or "Player" in edit.parameters["text"]
    assert len(sandbox.calls(method="answerCallbackQuery")) == 1


def test_somebody_elses_button_does_nothing(sandbox: Sandbox) -> None:
    deliver(press("v1|profile|show|999"))
    answer()
    assert sandbox.calls(method="editMessageText") == []
    (call,) = sandbox.calls(method="answerCallbackQuery")
    assert "somebody else" in call.parameters["text"]


@pytest.mark.parametrize("data", ["", "x", "v0|profile|show|{}", "v1|nowhere|show|{}", "v1|a|b|{}", "v1||||{}"])
def test_an_unknown_button_is_answered(sandbox: Sandbox, data: str) -> None:
    person_id = say("hello").person_id
    deliver(press(data.format(person_id)))
    answer()
    assert len(sandbox.calls(method="answerCallbackQuery")) == 1
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()
