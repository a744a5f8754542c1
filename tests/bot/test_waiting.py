"""Nobody waits for somebody else's trouble: a 429 holds the chat or the method that it names. Real API, real commits."""

from datetime import timedelta
from typing import Any

import pytest

from apps.bot import acts, buckets, holds
from apps.bot.models import Update
from apps.bot.screens.layout import Reply
from diana import clock
from diana.events.models import Delivery, Failure
from diana.events.testing import drain
from diana.health.readiness import Examiner
from diana.sandbox.running import Sandbox
from tests.bot.conftest import relent
from tests.bot.updates import ADA, GROUP, deliver, events, press, redraws, say, texts, update, user

pytestmark = pytest.mark.usefixtures("committed_db")
BOB = ADA + 1


@pytest.fixture(autouse=True)
def _nothing_is_tried_again_by_itself(settings: Any) -> None:
    settings.EVENTS_BACKOFF_SECONDS = settings.EVENTS_BACKOFF_MAX_SECONDS


def make_due() -> None:
    Delivery.objects.update(next_attempt_at=clock.real_now())


def nothing_is_left() -> None:
    assert not Failure.objects.exists()
    assert not Delivery.objects.exists()
    assert not Update.objects.filter(handled_at=None).exists()


@pytest.mark.parametrize("retry_after", [25, 1128])
@pytest.mark.parametrize("method", ["answerCallbackQuery", "createInvoiceLink"])
def test_a_429_of_a_call_without_a_chat_holds_its_method_alone(sandbox: Sandbox, method: str, retry_after: int) -> None:
    ada = say("/start").person_id
    drain()
    sandbox.behave(fail_next=[{"status": 429, "retry_after": retry_after, "method": method}])
    deliver(press(f"v1|vip|buy|{ada}.vip_monthly"))
    drain()
    say("/points", sender=user(BOB))
    say("/points")
    deliver(press(f"v1|help|show|{ada}"))
    drain()
    assert len(texts(sandbox, BOB)) == 1
    assert len(texts(sandbox)) >= 2  # their own commands pass as well
    assert len(redraws(sandbox)) == 1 or len(texts(sandbox)) >= 3
    assert len(sandbox.calls(method=method)) == 1
    assert not Failure.objects.exists()


def test_three_groups_turned_away_at_once_hold_nobody_else(sandbox: Sandbox) -> None:
    for number in range(4):
        chat = GROUP | {"id": GROUP["id"] - number}
        sandbox.behave(chat["id"], fail_next=[{"status": 429, "retry_after": 600}])
        say("/points", chat=chat)
    drain()
    say("/points", sender=user(BOB))
    drain()
    assert len(texts(sandbox, BOB)) == 1


def test_no_chat_is_held_for_longer_than_an_hour(sandbox: Sandbox) -> None:
    sandbox.behave(ADA, fail_next=[{"status": 429, "retry_after": 86_400}])
    say("/points")
    drain()
    assert 3000 < buckets.held([buckets.bucket_of_chat(ADA)]) <= buckets.LONGEST_HOLD


@pytest.mark.parametrize("command", ["/top", "/daily"])
@pytest.mark.parametrize("retry_after", [30, 1128])
def test_a_wait_in_a_group_holds_no_private_answer(sandbox: Sandbox, command: str, retry_after: int) -> None:
    sandbox.behave(GROUP["id"], fail_next=[{"status": 429, "retry_after": retry_after}])
    say(command, chat=GROUP)
    drain()
    say("/points")
    say("/daily")
    drain()
    assert len(texts(sandbox)) == 2
    assert len(texts(sandbox, GROUP["id"])) == 1


@pytest.mark.parametrize("command", ["/top", "/daily"])
def test_the_answer_in_the_group_follows(sandbox: Sandbox, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.behave(GROUP["id"], fail_next=[{"status": 429, "retry_after": 30}])
    say(command, chat=GROUP)
    drain()
    relent(monkeypatch)
    make_due()
    drain()
    assert [call.status for call in sandbox.calls(method="sendMessage", chat=GROUP["id"])] == [429, 200]
    assert len(events("game.daily_login")) == (command == "/daily")
    nothing_is_left()


@pytest.mark.parametrize("command", ["/top", "/daily"])
def test_an_answer_in_a_group_that_comes_too_late_is_left_out(
    sandbox: Sandbox, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.behave(GROUP["id"], fail_next=[{"status": 429, "retry_after": 30}])
    say(command, chat=GROUP)
    drain()
    relent(monkeypatch)
    make_due()
    later = clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    drain()
    assert [call.status for call in sandbox.calls(method="sendMessage", chat=GROUP["id"])] == [429]
    nothing_is_left()


def test_a_wait_that_would_make_it_too_late_is_not_waited_for(sandbox: Sandbox) -> None:
    sandbox.behave(GROUP["id"], fail_next=[{"status": 429, "retry_after": 1128}])
    say("/top", chat=GROUP)
    drain()
    nothing_is_left()


def test_a_group_gets_at_most_twenty_messages_a_minute(sandbox: Sandbox, settings: Any) -> None:
    settings.TELEGRAM_RATE_PER_CHAT, settings.TELEGRAM_RATE_PER_CHAT_BURST = 1000.0, 100
    for number in range(40):
        say("/points", sender=user(ADA + number), chat=GROUP)
    drain()
    assert len(sandbox.calls(method="sendMessage")) == 20
    assert not Failure.objects.exists()
    assert Delivery.objects.filter(subscriber="bot.answer_put_off").count() == 20


def test_a_page_that_fails_steps_aside(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = True

    def visit(*args: Any, page: str, **kwargs: Any) -> Reply:
        if page == "top" and failing:
            raise RuntimeError("a bug")
        return real(*args, page=page, **kwargs)

    real = acts.visit
    monkeypatch.setattr(acts, "visit", visit)
    say("/top")
    say("/points")
    for _ in range(2):
        make_due()
        drain()
    assert len(texts(sandbox)) == 1  # after two tries it lets the next pass
    failing = False
    make_due()
    drain()
    assert len(texts(sandbox)) == 2
    nothing_is_left()


def test_a_page_that_fails_for_ever_becomes_a_dead_letter(
    sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Reply:
        raise RuntimeError("a bug")

    monkeypatch.setattr(acts, "visit", fail)
    say("/top")
    for _ in range(settings.EVENTS_MAX_ATTEMPTS + 3):
        make_due()
        drain()
    assert Failure.objects.get().status == "dead"
    assert not Delivery.objects.exists()


def test_an_answer_that_telegram_fails_at_again_and_again_steps_aside(sandbox: Sandbox) -> None:
    failure = {"status": 500, "method": "sendDocument"}
    sandbox.behave(fail_next=[failure] * 4)
    say("/export")
    say("/points")
    for tries in range(1, 5):
        make_due()
        drain()
        assert len(sandbox.calls(method="sendDocument")) == tries
    assert len(texts(sandbox)) == 1
    make_due()
    drain()
    assert [call.status for call in sandbox.calls(method="sendDocument")] == [500] * 4 + [200]
    nothing_is_left()


def test_edits_take_no_place_before_commands(sandbox: Sandbox) -> None:
    for _ in range(5):
        moved = {
            "message_id": 4,
            "date": int(clock.now().timestamp()),
            "from": user(),
            "chat": GROUP,
            "edit_date": int(clock.now().timestamp()),
            "location": {"latitude": 50.1, "longitude": 8.6, "live_period": 900},
        }
        deliver(update("edited_message", moved))
    drain()
    assert events("bot.message_received", "bot.update_received", "game.message_sent", "user.active_day") == []
    assert Update.objects.count() == 5
    nothing_is_left()


def test_presses_take_no_place_before_commands(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = say("/start").person_id
    drain()
    sandbox.behave(fail_next=[{"status": 500, "method": "editMessageText"}])
    for _ in range(5):
        deliver(press(f"v1|help|show|{ada}"))
    say("/points")
    drain()
    assert len(texts(sandbox)) == 2  # although the first press waits for another try


def test_a_screen_that_the_next_press_redraws_is_left_out(sandbox: Sandbox) -> None:
    ada = say("/start").person_id
    drain()
    presses = [press(f"v1|{screen}|show|{ada}") for screen in ["help", "profile", "help", "profile", "help"]]
    for body in presses:
        deliver(body)
    drain()
    assert len(sandbox.calls(method="answerCallbackQuery")) == 5
    assert len(redraws(sandbox)) == 1
    nothing_is_left()


def test_presses_below_another_message_leave_nothing_out(sandbox: Sandbox) -> None:
    ada = say("/start").person_id
    drain()
    for number in (1, 2):
        deliver(press(f"v1|help|show|{ada}", message_id=number))
    drain()
    assert len(redraws(sandbox)) == 2


def test_presses_below_two_messages_in_turn_draw_each_screen_once(sandbox: Sandbox) -> None:
    ada = say("/start").person_id
    drain()
    for number in range(8):
        deliver(press(f"v1|help|show|{ada}", message_id=1 + number % 2))
    drain()
    assert len(sandbox.calls(method="answerCallbackQuery")) == 8
    assert len(redraws(sandbox)) == 2
    nothing_is_left()


@pytest.mark.parametrize(
    "data", ["vip|buy|{ada}.vip_30", "vip|buy|{ada}.vip_monthly", "export|show|{ada}", "help|show|7"]
)
def test_a_press_that_draws_no_screen_leaves_none_out(sandbox: Sandbox, data: str) -> None:
    """A bill and a file come as new messages, and somebody else's button as a notice."""
    ada = say("/start").person_id
    drain()
    for pressed in (f"help|show|{ada}", data.format(ada=ada)):
        deliver(press(f"v1|{pressed}"))
    drain()
    assert len(redraws(sandbox)) == 1
    nothing_is_left()


@pytest.mark.parametrize(("status", "description"), [(401, "Unauthorized"), (404, "Not Found")])
def test_a_token_that_telegram_does_not_take_pauses_all_and_rings(
    sandbox: Sandbox, status: int, description: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    say("hello")
    drain()
    sandbox.behave(fail_next=[{"status": status, "description": description}] * 2)
    say("/points")
    drain()
    assert "TELEGRAM_BOT_TOKEN" in caplog.text
    for number in range(10):
        say("/points", sender=user(BOB + number))
    drain()
    assert [call.status for call in sandbox.calls()] == [status]
    assert any("TELEGRAM_BOT_TOKEN" in reason for reason in holds.concerns())
    assert Delivery.objects.count() == 11
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
    sandbox.behave_well()
    holds.forget_token()
    relent(monkeypatch)
    make_due()
    drain()
    assert [len(texts(sandbox, person)) for person in range(ADA, ADA + 11)] == [1] * 11, texts(sandbox, ADA)
    assert holds.concerns() == []
    nothing_is_left()


def test_it_is_seen_in_readiness(sandbox: Sandbox) -> None:
    ada = say("/start").person_id
    drain()
    sandbox.behave(fail_next=[{"status": 429, "retry_after": 1128, "method": "createInvoiceLink"}])
    deliver(press(f"v1|vip|buy|{ada}.vip_monthly"))
    drain()
    (reason,) = holds.concerns()
    assert "createInvoiceLink" in reason
    assert reason in Examiner().readiness().reasons
