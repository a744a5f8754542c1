"""What a community does and is told: from the webhook's body to the message that Telegram gets."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.bot.models import Notice
from apps.bot.notices import queueing
from apps.gamification.events import LevelUp
from apps.payments.events import PaymentSucceeded
from apps.users.models import Person
from diana import clock
from diana.events import Event, publish
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.updates import ADA, GROUP, deliver, message, press, say, texts, update, user

__all__ = ["sandbox"]
pytestmark = pytest.mark.usefixtures("committed_db", "sandbox")


def happen(event: Event) -> None:
    with transaction.atomic():
        publish(event)
    drain()


def ten_minutes_pass() -> None:
    queueing.queue_due(now=clock.now() + timedelta(minutes=11))
    drain()


def ada(**wishes: Any) -> int:
    person_id = say("/start").person_id
    drain()
    assert person_id is not None
    Person.objects.update(preferences={"quiet_from": 3, "quiet_until": 3} | wishes)
    return person_id


def test_somebody_rises_is_told_mutes_and_is_left_alone(sandbox: Sandbox) -> None:
    person_id = ada()
    before = len(texts(sandbox))
    happen(LevelUp(user_id=person_id, old=1, new=2))
    assert len(texts(sandbox)) == before
    ten_minutes_pass()
    assert "level 2" in texts(sandbox)[-1]
    button = sandbox.calls(method="sendMessage")[-1].parameters["reply_markup"]["inline_keyboard"][0][0]
    sent = len(texts(sandbox))
    deliver(press(button["callback_data"], message_id=sent))
    drain()
    happen(LevelUp(user_id=person_id, old=2, new=3))
    ten_minutes_pass()
    assert len(texts(sandbox)) == sent
    assert "Tell me again" in str(sandbox.calls(method="editMessageText")[-1].parameters["reply_markup"])


def test_somebody_joins_reacts_and_sees_the_points(sandbox: Sandbox) -> None:
    ada()
    member = {"chat": GROUP, "from": user(), "date": int(clock.now().timestamp())}
    member |= {
        "old_chat_member": {"status": "left", "user": user()},
        "new_chat_member": {"status": "member", "user": user()},
    }
    deliver(update("chat_member", member))
    deliver(update(body=message("good morning", sender=user(ADA + 1), chat=GROUP) | {"message_id": 9}))
    for reactions in ([{"type": "emoji", "emoji": "👍"}], [], [{"type": "emoji", "emoji": "👍"}]):
        body = {"chat": GROUP, "message_id": 9, "user": user(), "date": member["date"], "old_reaction": []}
        deliver(update("message_reaction", body | {"new_reaction": reactions}))
    drain()
    say("/points")
    drain()
    shown = texts(sandbox)[-1]
    assert (shown.count("Taking part"), shown.count("Joining a group")) == (1, 1)


def test_a_payment_at_night_is_confirmed_and_good_news_waits_for_the_morning(sandbox: Sandbox) -> None:
    hour = clock.now().hour
    person_id = ada(quiet_from=hour, quiet_until=(hour + 2) % 24)
    happen(PaymentSucceeded(user_id=person_id, charge=1, product="vip_30", stars=250, recurring=False, first=True))
    assert "250 ⭐" in texts(sandbox, ADA)[-1]
    happen(LevelUp(user_id=person_id, old=1, new=2))
    waiting = Notice.objects.filter(done_at=None)
    assert waiting
    assert {notice.due_at.hour for notice in waiting} == {(hour + 2) % 24}
