"""A flood of updates: each is answered 200 and kept, and what comes too fast reaches the bot later, in its order."""

from typing import Any

import pytest

from apps.bot import checks
from apps.bot.models import Update
from diana.events import deferring, limiting
from tests.bot.updates import GROUP, deliver, events, message, press, update, user
from tests.events.conftest import Clock, still_clock

__all__ = ["still_clock"]


def published() -> list[int]:
    """Return our ids of the updates that the bot has been told of, in the order of the log."""
    return [payload["update"] for _, payload in events("bot.update_received", "bot.message_received")]


@pytest.mark.parametrize(("source", "text"), [("telegram", "/points"), ("telegram_messages", "hello")])
@pytest.mark.django_db
def test_updates_over_the_limit_are_kept_and_published_later_in_their_order(
    settings: Any, monkeypatch: pytest.MonkeyPatch, still_clock: Clock, source: str, text: str
) -> None:
    settings.EVENTS_RATE_LIMITS = {source: {"person": "2/minute", "over": "defer"}}
    monkeypatch.setattr(limiting, "_limiters", {})
    assert [deliver(update(body=message(text))) for _ in range(5)] == [200] * 5
    kept = list(Update.objects.order_by("id").values_list("id", flat=True))
    assert (published(), deferring.waiting()) == (kept[:2], {source: 3})
    for _ in range(2):
        still_clock.advance(61)
        limiting._limiters.clear()
        deferring.release_due()
    assert (published(), deferring.waiting()) == (kept, {})


@pytest.mark.django_db
def test_updates_within_the_limits_are_published_at_once() -> None:
    assert [deliver(update()) for _ in range(5)] == [200] * 5
    assert len(published()) == 5


def test_the_start_refuses_limits_under_which_updates_would_be_refused(settings: Any) -> None:
    assert checks.check_limits() == []
    right = settings.EVENTS_RATE_LIMITS
    for source in checks.SOURCES:
        settings.EVENTS_RATE_LIMITS = right | {source: {"person": "2/minute", "over": "refuse"}}
        assert [found.id for found in checks.check_limits()] == ["bot.E010"]


@pytest.mark.django_db
def test_what_gets_no_answer_and_presses_take_nothing_from_commands(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"person": "2/minute", "over": "defer"}
    settings.EVENTS_RATE_LIMITS = dict.fromkeys(checks.SOURCES, limits)
    monkeypatch.setattr(limiting, "_limiters", {})
    reaction = {"chat": GROUP, "user": user(), "message_id": 1, "new_reaction": [{"type": "emoji", "emoji": "x"}]}
    for _ in range(5):
        deliver(update("edited_message", message("moved") | {"edit_date": 1}))
        deliver(press("v1|help|show|1"))
        deliver(update(body=message("hello")))
        deliver(update("message_reaction", reaction))
    command = update(body=message("/points"))
    deliver(command)
    assert Update.objects.get(update_id=command["update_id"]).pk in published()
    assert deferring.waiting() == {"telegram_messages": 8, "telegram_presses": 3}
