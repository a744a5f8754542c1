"""Groups that staff have not named: with a real token nothing counts there, whatever the environment, and that is said once."""

from typing import Any

import pytest
from django.utils import translation

from apps.bot import groups
from apps.bot.models import Chat, Update
from apps.bot.screens.groups import unpaid
from apps.gamification.models import Entry
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox import running
from diana.sandbox.running import Sandbox
from tests.bot.test_participation import change, react
from tests.bot.updates import ADA, GROUP, answer, deliver, message, press, say, texts, update, user

REAL = f"123456789:{'A' * 35}"
THUMB = {"type": "emoji", "emoji": "👍"}


@pytest.fixture
def real(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bot be a real one; the sandbox of the test takes its token for once."""
    monkeypatch.setattr(running, "check_token", lambda token: None)
    settings.TELEGRAM_BOT_TOKEN = REAL


@pytest.fixture
def sandbox(real: None, sandbox: Sandbox) -> Sandbox:
    return sandbox


def acts() -> list[str]:
    """Return which acts and points came of all that was delivered."""
    drain()
    assert not Failure.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()
    kinds = StoredEvent.objects.filter(type__startswith="game.").order_by("id").values_list("type", flat=True)
    return [*kinds, *(f"entry {rule}" for rule in Entry.objects.values_list("rule", flat=True))]


def do_everything_in(chat: dict[str, Any]) -> None:
    say("hello", chat=chat)
    react(THUMB, chat=chat)
    change("left", "member", chat=chat)
    say("/daily", chat=chat)
    say("/trivia", chat=chat, sender=user(ADA + 1))
    say("/ a text that begins like a command", chat=chat)


@pytest.mark.parametrize("production", [False, True])
@pytest.mark.parametrize(
    ("token", "named", "expected"),
    [
        ("1:sandbox", [], {5, -1, -2}),
        (REAL, [], {5}),
        (f" {REAL}", [], {5}),
        (REAL, [-2], {5, -2}),
        (REAL, [-3], {5}),
    ],
)
def test_with_a_real_token_only_named_groups_are_paid(
    settings: Any, token: str, named: list[int], expected: set[int], production: bool
) -> None:
    settings.TELEGRAM_BOT_TOKEN, settings.DIANA_GROUPS, settings.PRODUCTION = token, named, production
    assert groups.approved([5, -1, -2]) == expected
    assert [groups.is_approved(chat) for chat in (5, -1)] == [True, -1 in expected]


def test_in_a_strange_group_nothing_counts_and_that_is_said_once(sandbox: Sandbox) -> None:
    do_everything_in(GROUP)
    assert acts() == []
    say("/daily", chat=GROUP)
    assert acts() == []
    assert texts(sandbox, GROUP["id"]) == [unpaid(telegram_chat_id=GROUP["id"]).text]
    assert sandbox.count()["methods"] == {"getMe": 1, "sendMessage": 1}
    assert Chat.objects.get().told_unpaid_at is not None


def test_in_a_named_group_everything_counts(sandbox: Sandbox, settings: Any) -> None:
    settings.DIANA_GROUPS = [GROUP["id"]]
    do_everything_in(GROUP)
    done = acts()
    assert {"game.message_sent", "game.community_participation", "game.daily_login"} <= set(done)
    assert any(act.startswith("entry") for act in done)
    assert Chat.objects.get(telegram_id=GROUP["id"]).told_unpaid_at is None


def test_elsewhere_people_go_on_as_before(sandbox: Sandbox) -> None:
    say("/daily", chat=GROUP)
    say("/daily")
    assert "game.daily_login" in acts()
    assert len(texts(sandbox)) >= 1


def test_each_strange_group_is_told_in_the_language_of_who_asked(sandbox: Sandbox) -> None:
    other = GROUP | {"id": -100_600}
    say("/start", sender=user(language_code="ru"))
    for chat in (GROUP, other):
        say("/points", chat=chat)
    answer()
    with translation.override("ru"):
        expected = [unpaid(telegram_chat_id=chat["id"]).text for chat in (GROUP, other)]
    assert [texts(sandbox, chat["id"])[0] for chat in (GROUP, other)] == expected
    assert "группе" in expected[0]


def test_it_is_told_in_the_topic_and_unseen_to_who_asked_unseen(sandbox: Sandbox) -> None:
    """An answer that one person alone sees does not tell the group."""
    topic = {"message_thread_id": 77, "is_topic_message": True}
    unseen = {"message_id": 0, "ephemeral_message_id": 5}
    for sent in (message("/points", chat=GROUP) | topic | unseen, message("/points", chat=GROUP) | topic):
        assert deliver(update(body=sent)) == 200
        answer()
    first, second = (call.parameters for call in sandbox.calls(method="sendMessage", chat=GROUP["id"]))
    assert first["message_thread_id"] == second["message_thread_id"] == 77
    assert first["ephemeral_message_parameters"] == {"receiver_user_id": ADA}
    assert second["reply_parameters"]["message_id"] == sent["message_id"]


@pytest.mark.parametrize("text", ["/points@other_bot", "/ban", "/ points"])
def test_what_is_meant_for_others_is_not_answered(sandbox: Sandbox, text: str) -> None:
    say(text, chat=GROUP)
    assert acts() == []
    assert texts(sandbox, GROUP["id"]) == []


def test_a_button_there_does_nothing_but_say_so(sandbox: Sandbox) -> None:
    pressed = press("v1|top|show|1")
    pressed["callback_query"]["message"]["chat"] = GROUP
    sandbox.open_callback_query(pressed["callback_query"]["id"])
    assert deliver(pressed) == 200
    assert acts() == []
    (call,) = sandbox.calls(method="answerCallbackQuery")
    assert call.parameters["text"] == unpaid(telegram_chat_id=GROUP["id"]).text


def test_a_group_that_could_not_be_told_is_told_at_the_next_attempt(sandbox: Sandbox) -> None:
    sandbox.behave(GROUP["id"], fail_next=[{"status": 400, "description": "Bad Request: TOPIC_CLOSED"}])
    say("/points", chat=GROUP)
    answer()
    assert Chat.objects.get().told_unpaid_at is None
    say("/points", chat=GROUP)
    answer()
    assert len(sandbox.calls(method="sendMessage")) == 2
    assert Chat.objects.get().told_unpaid_at is not None


def test_the_notice_fits_under_a_button() -> None:
    for language in ("en", "es", "ru"):
        with translation.override(language):
            assert len(unpaid(telegram_chat_id=-(10**15)).text) <= 200
