"""What becomes of an update when Telegram or the bot fails, and how /daily is answered. Real API, real commits."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.bot import acts, services
from apps.bot.events import DailyLogin
from apps.bot.models import Chat, Update
from apps.users.models import Person
from diana import clock
from diana.events import log, publish
from diana.events.causes import caused_by
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.recording import Call
from diana.sandbox.running import Sandbox
from tests.bot.conftest import relent
from tests.bot.updates import ADA, GROUP, answer, deliver, events, press, say, texts, update, user

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def longest_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as long as the backoff allows instead of a random time, so that nothing is tried again too soon to be seen."""
    monkeypatch.setattr(random, "uniform", lambda low, high: high)


def later(subscriber: str = "bot.handle_update") -> Delivery:
    """The delivery that waits for another try."""
    return Delivery.objects.get(subscriber=subscriber)


def make_due() -> None:
    Delivery.objects.update(next_attempt_at=clock.real_now())


@pytest.mark.parametrize(
    ("failure", "wait_seconds"),
    [({"status": 429, "retry_after": 30}, 30), ({"status": 500}, 2), ({"status": 502}, 2)],
    ids=["429", "500", "502"],
)
def test_a_busy_telegram_is_asked_again(
    sandbox: Sandbox, failure: dict[str, int], wait_seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("hello")
    answer()
    sandbox.behave(ADA, fail_next=[failure])
    say("/help")
    answer()
    assert later().next_attempt_at <= clock.real_now() + timedelta(seconds=wait_seconds)
    if wait_seconds == 30:
        assert later().next_attempt_at > clock.real_now() + timedelta(seconds=20)
    assert len(events("game.login")) == 1
    relent(monkeypatch)
    make_due()
    answer()
    assert not Delivery.objects.exists()
    assert [call.status for call in sandbox.calls(method="sendMessage")] == [failure["status"], 200]


def test_a_telegram_that_is_away_costs_nothing(sandbox: Sandbox, settings: Any) -> None:
    here, settings.TELEGRAM_API_URL = settings.TELEGRAM_API_URL, "http://127.0.0.1:9"
    say("/start")
    answer()
    assert later().attempts == 1
    settings.TELEGRAM_API_URL = here
    make_due()
    answer()
    assert "Welcome" in texts(sandbox)[0]


def test_a_wrong_token_is_no_dead_letter_and_not_in_the_log(
    sandbox: Sandbox, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TELEGRAM_BOT_TOKEN = "1:sandbox-canary"
    with caplog.at_level("DEBUG", logger="apps"), caplog.at_level("DEBUG", logger="diana"):
        say("/start")
        answer()
    assert later().attempts == 0  # it waits until the token works, however long that takes
    assert "canary" not in caplog.text


@pytest.mark.parametrize(("behaviour", "blocked"), [("block", 2), ("unknown", 0)])
def test_who_blocks_the_bot_is_marked_once(sandbox: Sandbox, behaviour: str, blocked: int) -> None:
    sandbox.behave(ADA, **{behaviour: True})
    for _ in range(2):
        services.mark_gone(telegram_chat_id=-1, person_id=None, now=clock.now())
        say("/help")
        answer()
    assert len(sandbox.calls(method="sendMessage")) == 2
    assert Chat.objects.get(telegram_id=ADA).gone_at is not None
    assert not Delivery.objects.exists()
    assert not Failure.objects.exists()
    # Each /help says that they are there again, and each refused reply that they are not.
    # Who cannot be reached otherwise has blocked nobody.
    assert len(events("user.blocked_bot")) == blocked


def test_a_refused_reply_marks_nobody_twice(sandbox: Sandbox) -> None:
    person_id = say("hello").person_id
    now = clock.now()
    assert [services.mark_gone(telegram_chat_id=ADA, person_id=person_id, now=now) for _ in range(2)] == [True, False]
    assert len(events("user.blocked_bot")) == 1


def test_being_thrown_out_marks_the_chat(sandbox: Sandbox) -> None:
    me = {"id": 1, "is_bot": True, "first_name": "Diana"}
    change = {
        "chat": {"id": ADA, "type": "private"},
        "from": user(),
        "date": 1,
        "old_chat_member": {"user": me, "status": "member"},
        "new_chat_member": {"user": me, "status": "kicked", "until_date": 0},
    }
    deliver(update("my_chat_member", change))
    answer()
    assert Chat.objects.get().gone_at is not None
    assert len(events("user.blocked_bot")) == 1


def test_what_cannot_be_read_is_told_and_no_dead_letter(sandbox: Sandbox) -> None:
    """Only rows from before there were documents can be like that; nothing becomes better by another attempt."""
    say("/help")
    Update.objects.update(document=b"", body=b'{"update_id": 1, "message": {"text": 5}}')
    answer()
    assert not Failure.objects.exists()
    assert len(events("bot.update_failed")) == 1
    assert Update.objects.get().handled_at is not None


def test_a_mistake_of_ours_is_a_dead_letter_too(sandbox: Sandbox) -> None:
    sandbox.behave(ADA, fail_next=[{"status": 400, "description": "Bad Request: can't parse entities"}])
    say("/help")
    answer()
    assert "parse entities" in Failure.objects.get().error


def test_an_error_in_a_handler_is_not_swallowed_by_the_library(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(chat: acts.ChatAddress) -> int:
        raise RuntimeError("a bug")

    monkeypatch.setattr(acts, "_knowing", fail)
    say("/daily")
    answer()
    assert later().attempts == 1
    assert Update.objects.get().handled_at is None


def test_who_was_erased_meanwhile_gets_no_answer(sandbox: Sandbox) -> None:
    say("/start")
    Person.objects.update(telegram_id=None, status="erased")
    answer()
    assert texts(sandbox) == []
    assert Update.objects.get().handled_at is not None
    assert not Delivery.objects.exists()
    assert not Failure.objects.exists()


def edits(sandbox: Sandbox) -> list[str]:
    return [call.parameters["text"] for call in sandbox.calls(method="editMessageText", chat=ADA)]


def take_daily(**fields: Any) -> Update:
    row = say("/daily", **fields)
    drain()
    return row


def test_the_daily_reward_has_a_screen_and_its_points_are_told_there(sandbox: Sandbox) -> None:
    take_daily()
    (text,), (edited,) = texts(sandbox), edits(sandbox)
    assert "✅ Done for today. Next reward in" in text
    assert "✅ Day 1: 50\n" in text
    assert edited == f"{text}\n\n✨ <b>+60</b>"


def test_a_second_daily_reward_is_told_to_be_taken(sandbox: Sandbox) -> None:
    take_daily()
    take_daily()
    assert ["✅ Done for today." in text for text in texts(sandbox)] == [True, True]
    assert edits(sandbox)[1] == f"{texts(sandbox)[1]}\n\nToday's reward was taken before."
    assert {call.status for call in sandbox.calls(method="sendMessage")} == {200}


def test_a_button_takes_it_too(sandbox: Sandbox) -> None:
    row = say("/menu")
    drain()
    assert deliver(press(f"v1|daily|take|{row.person_id}")) == 200
    drain()
    assert events("game.daily_login") != []
    screen, told = edits(sandbox)[-2:]
    assert told == f"{screen}\n\n✨ <b>+50</b>"
    assert len(texts(sandbox)) == 1, "no message of its own tells it once more"


def test_it_is_told_in_the_group_where_it_was_asked(sandbox: Sandbox) -> None:
    take_daily(chat=GROUP)
    (call,) = sandbox.calls(method="sendMessage")
    assert call.chat == GROUP["id"]
    assert "Day 2" not in call.parameters["text"]


class TestOfAReleaseBefore:
    """Acts that were taken without a screen are answered when they are awarded, as that release did."""

    def act(self, *, answered: bool = False) -> Update:
        """Have an act of /daily in the log; if it was not answered, the release before took it: its update is handled."""
        row = say("/daily")
        [root] = log.read_events([StoredEvent.objects.get(event_id=row.event_id).pk])
        with transaction.atomic(), caused_by(root):
            today = clock.now().date().isoformat()
            publish(DailyLogin(user_id=row.person_id, local_date=today, answered=answered))
        Update.objects.filter(pk=row.pk).update(handled_at=clock.now())
        return row

    @pytest.mark.parametrize("answered", [True, False])
    def test_an_act_without_a_screen_is_answered_by_a_message(self, sandbox: Sandbox, *, answered: bool) -> None:
        self.act(answered=answered)
        drain()
        assert ["+50 points!" in text for text in texts(sandbox)] == ([] if answered else [True])

    def test_who_is_gone_is_not_told(self, sandbox: Sandbox) -> None:
        row = self.act()
        services.mark_gone(telegram_chat_id=ADA, person_id=row.person_id, now=clock.now())
        drain()
        assert texts(sandbox) == []

    def test_without_an_update_it_is_told_in_private(self, sandbox: Sandbox) -> None:
        person_id = say("hello", chat=GROUP).person_id
        with transaction.atomic():
            publish(DailyLogin(user_id=person_id, local_date="2026-11-22"))
        drain()
        assert len(texts(sandbox)) == 1


def test_replies_name_no_token(sandbox: Sandbox) -> None:
    say("/help")
    answer()

    def holds_token(call: Call) -> bool:
        return "sandbox-test" in json.dumps(call.parameters)

    assert not any(map(holds_token, sandbox.calls()))
