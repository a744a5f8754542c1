"""What somebody says in their own chat that is no command: words do what they say, the rest gets one answer an hour."""

import time
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.bot import guidance
from apps.bot.command_words import WORDS, command_of
from apps.bot.menu import COMMANDS
from apps.bot.models import Chat, Update
from apps.users.models import Person
from diana import clock
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, events, message, say, texts, update, user
from tests.gamification.test_concurrency import at_once

LANGUAGES = ("en", "es", "ru")
# What people send besides texts.
SENT: dict[str, dict[str, Any]] = {
    "photo": {"photo": [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]},
    "sticker": {"sticker": {"file_id": "a", "file_unique_id": "a"}},
    "voice": {"voice": {"file_id": "a", "file_unique_id": "a", "duration": 1}},
    "document": {"document": {"file_id": "a", "file_unique_id": "a"}, "caption": "look"},
    "location": {"location": {"latitude": 1, "longitude": 1}},
    "a text with blocks": {"rich_message": {"blocks": [{"type": "paragraph", "text": "x"}]}},
    "a photo of an album": {"photo": [{"file_id": "b"}], "media_group_id": "7"},
}
# What the server tells of the chat, and what a bot wrote.
NOT_SENT: dict[str, dict[str, Any]] = {
    "pinned": {"pinned_message": message("x")},
    "timer": {"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}},
    "by a bot": {"via_bot": {"id": 9, "is_bot": True, "first_name": "Gif"}, "text": "x"},
    "by itself": {"is_from_offline": True, "text": "x"},
}


def send(body: dict[str, Any], *, telegram_id: int = ADA, chat: dict[str, Any] | None = None, **fields: Any) -> None:
    sent = message("", sender=user(telegram_id, **fields), chat=chat) | {"text": None} | body
    assert deliver(update(body={name: value for name, value in sent.items() if value is not None})) == 200


def all_answers() -> None:
    answer()
    drain("bot.guide")


@pytest.mark.usefixtures("committed_db")
def test_what_is_no_command_is_answered_once_an_hour_with_the_menu(sandbox: Sandbox) -> None:
    now = clock.now()
    for minutes in (125, 100, 66, 64, 5):
        say("hey", at=now - timedelta(minutes=minutes))
        all_answers()
    assert len(texts(sandbox)) == 2, "125 minutes ago, and 64"
    assert [payload["template"] for _, payload in events("bot.message_sent")] == ["guidance"] * 2
    (call, _) = sandbox.calls(method="sendMessage", chat=ADA)
    assert "|show|" in str(call.parameters["reply_markup"])
    assert len(events("game.message_sent")) == 5


@pytest.mark.usefixtures("committed_db")
def test_files_are_answered_albums_once_and_what_nobody_sent_never(sandbox: Sandbox) -> None:
    for number, body in enumerate(SENT.values()):
        for _ in range(3):
            send(body, telegram_id=ADA + number)
    for number, body in enumerate(NOT_SENT.values(), start=100):
        send(body, telegram_id=ADA + number)
    for body in ({"text": "hello"}, *SENT.values()):
        send(body, telegram_id=ADA + 200, chat=GROUP)
    all_answers()
    answered = {name: len(texts(sandbox, ADA + number)) for number, name in enumerate(SENT)}
    assert answered == dict.fromkeys(SENT, 1)
    assert [len(texts(sandbox, ADA + number)) for number in (100, 101, 102, 103, 200)] == [0] * 5
    assert texts(sandbox, GROUP["id"]) == []
    for number, language in ((300, "es"), (301, "ru")):
        say("/start", sender=user(ADA + number, language_code=language))
        send(SENT["voice"], telegram_id=ADA + number)
    all_answers()
    firsts = [texts(sandbox, ADA + number)[-1].splitlines()[0] for number in (0, 300, 301)]
    assert len(set(firsts)) == 3


@pytest.mark.usefixtures("committed_db")
def test_of_two_workers_one_answers(sandbox: Sandbox) -> None:
    say("hey")
    answer()
    chat = Chat.objects.get(telegram_id=ADA)
    later = clock.now() + timedelta(hours=1)
    claimed: list[set[int]] = []

    def claim() -> None:
        with transaction.atomic():
            claimed.append(guidance.claim({chat.pk: later}))
            time.sleep(0.1)  # the other one waits for this row, or has it

    at_once(claim, claim)
    assert sorted(claimed, key=len) == [set(), {chat.pk}]
    with transaction.atomic():
        assert guidance.claim({chat.pk: later + timedelta(minutes=59)}) == set()
        assert guidance.claim({chat.pk: later + timedelta(minutes=60)}) == {chat.pk}


@pytest.mark.usefixtures("committed_db")
def test_a_word_does_what_the_command_does(sandbox: Sandbox) -> None:
    said = ("Menú!", "  баллы ", "HELP", "*stop*", "Начать", "premio diario")
    for text in said:
        say(text)
    say("menu", chat=GROUP)
    all_answers()
    templates = [payload["template"] for _, payload in events("bot.message_sent")]
    assert templates == ["menu", "points", "help", "stop", "welcome", "daily"]
    assert len(events("game.daily_login")) == 1
    assert Person.objects.get().registered_at is not None
    assert len(events("game.message_sent")) == 1, "in the group alone it is a message"
    assert not Update.objects.filter(handled_at=None).exists()


def test_stop_offers_silence_a_break_and_deletion(sandbox: Sandbox) -> None:
    say("стоп", sender=user(language_code="ru"))
    answer()
    (call,) = sandbox.calls(method="sendMessage", chat=ADA)
    markup = str(call.parameters["reply_markup"])
    assert all(f"v1|{to}|" in markup for to in ("notices|mute", "privacy|pause", "deleteme|show", "menu|show"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_a_name_in_every_language(language: str) -> None:
    assert set(WORDS[language]) == set(COMMANDS)
    for command, names in WORDS[language].items():
        assert names, command
        for name in names:
            parts = unicodedata.normalize("NFD", name)
            bare = "".join(letter for letter in parts if not unicodedata.combining(letter))
            for said in (name, name.upper(), f"  ¡{name}! 🙂", parts, bare):
                assert command_of(said) == command, said


@pytest.mark.parametrize("text", ["", "!", "/menu", "menu please come here", "hello", "stop it", "m" * 5_000, "me nu"])
def test_other_texts_are_no_commands(text: str) -> None:
    assert command_of(text) is None
