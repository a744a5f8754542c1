"""What an act earned is told on the screen that answers it; what cannot be is told with the next digest. Nothing twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.bot.models import Notice, Update
from apps.bot.notices import queueing
from apps.bot.outcomes import delivery, records
from apps.bot.outcomes.models import ShownScreen
from apps.gamification import services as gamification
from apps.users.events import OnboardingCompleted
from diana import clock
from diana.audit import Actor
from diana.events import log, loop, publish
from diana.events.causes import caused_by
from diana.events.models import Delivery, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, GROUP, answer, deliver, press, say, texts

pytestmark = pytest.mark.usefixtures("committed_db")


def edits(sandbox: Sandbox, chat: int = ADA) -> list[str]:
    return [call.parameters["text"] for call in sandbox.calls(method="editMessageText", chat=chat)]


def waiting() -> list[tuple[str, Any]]:
    """Return the notices that wait for the digest."""
    return list(Notice.objects.filter(done_at=None).order_by("pk").values_list("kind", "fields"))


def told() -> list[str]:
    return list(Notice.objects.filter(outcome="sent").order_by("pk").values_list("kind", flat=True))


def known(points: int) -> int:
    """Have Ada here already, with so many points and fifteen for coming by and writing. Return who she is."""
    person = say("hello", chat=GROUP).person_id
    drain()
    assert person is not None
    gamification.award(
        person_id=person, amount=points, reason="A prize.", actor=Actor.command(), key="prize", now=clock.now()
    )
    drain()
    return person


def finish_first_steps(row: Update) -> None:
    """Publish, as what the update set off, that its person has finished the first steps: 50 points, and 40 by an achievement."""
    [root] = log.read_events([StoredEvent.objects.get(event_id=row.event_id).pk])
    with transaction.atomic(), caused_by(root):
        publish(OnboardingCompleted(user_id=row.person_id, seconds=1))


def test_points_are_told_on_the_screen_that_answers(sandbox: Sandbox) -> None:
    say("/profile")
    drain()
    [sent], [edited] = texts(sandbox), edits(sandbox)
    assert edited == f"{sent}\n\n✨ <b>+10</b>"
    [call], [first] = sandbox.calls(method="editMessageText"), sandbox.calls(method="sendMessage")
    assert call.parameters["reply_markup"] == first.parameters["reply_markup"]
    assert waiting() == []


def test_an_answer_that_earns_nothing_stays_as_it_is(sandbox: Sandbox) -> None:
    for command in ("/profile", "/points"):
        say(command)
        drain()
    assert len(edits(sandbox)) == 1
    assert ShownScreen.objects.count() == 1


def test_levels_and_achievements_are_told_there_with_their_reward_and_not_once_more(sandbox: Sandbox) -> None:
    known(20)
    finish_first_steps(say("/help"))
    drain()
    [edited] = edits(sandbox)
    assert edited.endswith("\n\n✨ <b>+90</b> · level 2\n🏅 Unlocked: <b>First Steps</b> (+40)")
    assert sorted(told()) == ["achievement", "level"]
    assert waiting() == []
    queueing.queue_due(now=clock.now() + timedelta(minutes=11))
    drain()
    assert len(texts(sandbox)) == 1


@pytest.mark.parametrize("noted_first", [True, False])
def test_it_does_not_matter_who_hears_of_a_level_first(sandbox: Sandbox, *, noted_first: bool) -> None:
    known(20)
    finish_first_steps(say("/help"))
    answer()
    order = ["bot.note_notices", "bot.tell_outcome"]
    for name in ("gamification.award_points", "gamification.award_points", *sorted(order, reverse=not noted_first)):
        drain(name)
    assert (len(edits(sandbox)), sorted(told()), waiting()) == (1, ["achievement", "level"], [])


def test_what_came_without_an_answer_waits_for_the_digest(sandbox: Sandbox) -> None:
    known(81)
    say("hello all", chat=GROUP)
    drain()
    assert edits(sandbox) == []
    assert [kind for kind, _ in waiting()] == ["level"]


def test_a_later_screen_is_not_overwritten(sandbox: Sandbox) -> None:
    person = say("/profile").person_id
    answer()
    assert deliver(press(f"v1|help|show|{person}")) == 200
    drain()
    assert len(edits(sandbox)) == 1
    assert "/points" in edits(sandbox)[0]
    assert waiting() == [("points", {"amount": 10, "rule": "login"})]
    queueing.queue_due(now=clock.now() + timedelta(days=1))
    drain()
    assert texts(sandbox)[1:] == ["✨ <b>+10</b> Coming by"]
    assert waiting() == []


def test_a_press_waits_for_the_edit_under_way(sandbox: Sandbox) -> None:
    say("/profile")
    answer()
    [row] = ShownScreen.objects.all()
    assert records.claim(row.pk) is not None
    assert records.leave(row.chat_id, row.message_id) is False
    records.release(row.pk)
    assert records.leave(row.chat_id, row.message_id) is True
    assert records.claim(row.pk) is None, "the message shows another screen"


def test_an_edit_that_telegram_refuses_goes_to_the_digest(sandbox: Sandbox) -> None:
    say("/profile")
    answer()
    sandbox.behave(chat=ADA, fail_next=[{"status": 400, "description": "Bad Request: message can't be edited"}])
    drain()
    assert waiting() == [("points", {"amount": 10, "rule": "login"})]
    assert not Delivery.objects.exists()


def test_it_is_told_once_however_often_it_is_delivered(sandbox: Sandbox) -> None:
    say("/profile")
    drain()
    [envelope] = log.read_events([StoredEvent.objects.get(type="bot.screen_shown").pk])
    for _ in range(2):
        loop.run(delivery.tell(envelope))
    assert len(edits(sandbox)) == 1
    assert waiting() == []


def test_what_comes_late_goes_to_the_digest(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "AGAIN_SECONDS", 0.0)
    known(20)
    finish_first_steps(say("/help"))
    answer()
    drain("bot.tell_outcome")
    for _ in range(2):
        drain("gamification.award_points", "bot.note_notices")
        Delivery.objects.update(next_attempt_at=clock.real_now())
        drain("bot.tell_outcome")
    assert edits(sandbox) == []
    assert sorted(kind for kind, _ in waiting()) == ["achievement", "level", "points", "points"]
    assert not Delivery.objects.exists()


def test_what_was_suppressed_is_told_in_few_words(sandbox: Sandbox) -> None:
    known(20)
    for _ in range(2):
        finish_first_steps(say("/help"))
        drain()
    assert edits(sandbox)[1].endswith("\n\nNo points: limit reached")


def test_in_a_group_the_edit_counts_among_the_messages_of_a_minute(sandbox: Sandbox, settings: Any) -> None:
    settings.TELEGRAM_RATE_PER_GROUP_MINUTE = 1
    say("/profile", chat=GROUP)
    drain()
    assert len(texts(sandbox, GROUP["id"])) == 1
    assert edits(sandbox, GROUP["id"]) == []
    assert Delivery.objects.get().subscriber == "bot.tell_outcome"


def test_shown_screens_go_after_a_day(sandbox: Sandbox) -> None:
    say("/profile")
    drain()
    assert records.delete_old(now=clock.now() + timedelta(hours=23)) == 0
    assert records.delete_old(now=clock.now() + timedelta(hours=25)) == 1
