"""What the bot does when Telegram says no: it keeps its pace, waits as long as told, and calls no more than it must."""

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from apps.bot import buckets
from apps.bot.models import Chat
from diana import clock
from diana.events.models import Delivery, Failure
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import relent
from tests.bot.updates import ADA, answer, say, texts, user

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def _nothing_is_tried_again_by_itself(settings: Any) -> None:
    """A try whose wait happens to be next to nothing would be made before anybody has counted."""
    settings.EVENTS_BACKOFF_SECONDS = settings.EVENTS_BACKOFF_MAX_SECONDS


def make_due() -> None:
    Delivery.objects.update(next_attempt_at=clock.real_now())


def calls(sandbox: Sandbox, chat: int = ADA) -> int:
    return len(sandbox.calls(method="sendMessage", chat=chat))


def test_a_chat_gets_no_more_than_its_rate(sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TELEGRAM_RATE_PER_CHAT, settings.TELEGRAM_RATE_PER_CHAT_BURST = 0.01, 2
    for _ in range(5):
        say("/help")
    say("/help", sender=user(ADA + 1))
    answer()
    assert (calls(sandbox), calls(sandbox, ADA + 1)) == (2, 1)
    assert Delivery.objects.count() == 3
    assert Delivery.objects.earliest("position").next_attempt_at > clock.real_now() + timedelta(seconds=60)
    for _ in range(3):
        relent(monkeypatch)
        make_due()
        answer()
    assert calls(sandbox) == 5


def test_a_short_wait_is_waited_for(sandbox: Sandbox, settings: Any) -> None:
    settings.TELEGRAM_RATE_ALL, settings.TELEGRAM_RATE_ALL_BURST = 20, 1
    for number in range(8):
        say("/help", sender=user(ADA + number))
    started = time.monotonic()
    answer()
    assert time.monotonic() - started >= 7 / 20
    assert len(texts(sandbox, ADA + 7)) == 1
    assert not Delivery.objects.exists()


def test_waiting_is_charged_to_nobody(sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a reply is put off, it is not given up."""
    say("/help")
    answer()
    buckets.hold(buckets.bucket_of_chat(ADA), 3600)
    say("/help")
    for _ in range(settings.EVENTS_MAX_ATTEMPTS + 2):
        make_due()
        answer()
    assert calls(sandbox) == 1
    assert Delivery.objects.get().attempts == 0
    relent(monkeypatch)
    make_due()
    answer()
    assert calls(sandbox) == 2
    assert not Failure.objects.exists()


def test_f57_after_a_429_nobody_calls_for_the_chat_before_its_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.behave(ADA, fail_next=[{"status": 429, "retry_after": 20}])
    for _ in range(4):
        say("/help")
    answer()
    for _ in range(5):
        make_due()
        answer()
    assert calls(sandbox) == 1
    say("/help", sender=user(ADA + 1))
    answer()
    assert calls(sandbox, ADA + 1) == 1
    for _ in range(4):
        relent(monkeypatch)
        make_due()
        answer()
    assert calls(sandbox) == 5


@pytest.mark.parametrize("status", [500, 502, 504])
def test_f57_a_failing_telegram_is_called_once_for_each_try(sandbox: Sandbox, status: int) -> None:
    sandbox.behave(ADA, fail_next=[{"status": status}] * 3)
    say("/help")
    answer()
    for _ in range(4):
        make_due()
        answer()
    assert Counter(call.status for call in sandbox.calls(method="sendMessage")) == {status: 3, 200: 1}
    assert not Failure.objects.exists()


def test_f57_an_answer_that_got_lost_is_sent_again_and_acted_on_once(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once, and no more than twice: the rate of double sends is that of lost answers."""
    monkeypatch.setattr("apps.bot.application.TIMEOUT_SECONDS", 0.2)
    sandbox.behave(ADA, delay_seconds=1.0)
    say("/help")
    answer()
    assert calls(sandbox) == 1
    sandbox.behave_well()
    make_due()
    answer()
    assert calls(sandbox) == 2
    assert not Delivery.objects.exists()


def test_f57_a_telegram_that_never_answers_holds_nobody_for_long(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.bot.application.TIMEOUT_SECONDS", 0.3)
    sandbox.behave(ADA, hang=True)
    say("/help")
    say("/help", sender=user(ADA + 1))
    started = time.monotonic()
    answer()
    assert time.monotonic() - started < 5
    assert calls(sandbox, ADA + 1) == 1
    sandbox.behave_well()
    make_due()
    answer()
    assert [call.status for call in sandbox.calls(method="sendMessage", chat=ADA)] == [None, 200]


def test_f58_who_blocked_the_bot_is_called_once_for_each_thing_they_do(sandbox: Sandbox) -> None:
    sandbox.behave(ADA, block=True)
    for _ in range(3):
        say("/daily")
        drain()
    assert Chat.objects.get(telegram_id=ADA).gone_at is not None
    assert calls(sandbox) == 3
    assert not Delivery.objects.exists()
    assert not Failure.objects.exists()
