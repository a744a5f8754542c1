"""One life with the bot, from the first word to the last: everything a person can do, and being forgotten."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from apps.bot.models import Notice, Update
from apps.gamification import selectors as ledger
from apps.gamification.models import Entry
from apps.payments import services as payments
from apps.payments.models import Payment
from apps.users import selectors, services
from apps.users.models import Person, Referral
from diana import clock
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.stars import ask, choose, last_bill, pay
from tests.bot.updates import ADA, answer, deliver, events, press, say, user
from tests.flows.test_people import join, tap
from tests.payments.paying import STAFF

__all__ = ["sandbox"]

BEN = ADA + 1


class Calendar:
    """The clock of the whole test, which can be moved on."""

    def __init__(self) -> None:
        self.ahead, self._unmoved = timedelta(), clock.now

    def now(self) -> datetime:
        return self._unmoved() + self.ahead

    def sleep(self, **ahead: float) -> None:
        self.ahead += timedelta(**ahead)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    calendar = Calendar()
    monkeypatch.setattr(clock, "now", calendar.now)
    return calendar


def on_screen(sandbox: Sandbox, chat: int) -> list[str]:
    """Return what the buttons of the last screen carry."""
    shown = [c for c in sandbox.calls(chat=chat) if c.method in ("sendMessage", "editMessageText")]
    keyboard = shown[-1].parameters.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in keyboard for button in row if "callback_data" in button]


def push(sandbox: Sandbox, sender: dict[str, Any], *verbs: str) -> bool:
    """Press the first button of the last screen that stands for one of these verbs; say whether there was one."""
    for data in on_screen(sandbox, sender["id"]):
        if data.split("|")[2] in verbs:
            assert deliver(press(data, sender=sender)) == 200
            answer()
            return True
    return False


def read_a_story(sandbox: Sandbox, sender: dict[str, Any]) -> None:
    """Open the first story and go on to one of its endings."""
    say("/story", sender=sender)
    answer()
    assert push(sandbox, sender, "open")
    for _ in range(200):
        if not push(sandbox, sender, "look", "turn", "choose", "go"):
            break
    drain()


def play(sandbox: Sandbox, sender: dict[str, Any], calendar: Calendar) -> None:
    """Answer five questions, each after a while."""
    for _ in range(5):
        say("/trivia", sender=sender)
        answer()
        calendar.sleep(seconds=20)
        assert push(sandbox, sender, "answer")
    drain()


def take_the_quiz(sender: dict[str, Any]) -> None:
    """Answer like somebody who likes stories."""
    me = selectors.person_of(sender["id"])
    assert me is not None
    tap("v1|quiz|begin|{}", sender)
    attempt = selectors.quiz_standing(me).attempt_id
    for number in range(10):
        tap(f"v1|quiz|answer|{{}}.{attempt}.{number}.{2 if number < 6 else 3}", sender)


def take_the_tutorial(sandbox: Sandbox, sender: dict[str, Any]) -> None:
    """Do the four things that it asks for."""
    for text in ("/tutorial", "/daily", "/top", "/achievements"):
        say(text, sender=sender)
        answer()
    read_a_story(sandbox, sender)


def come_by(calendar: Calendar, days: int, *senders: dict[str, Any]) -> None:
    """Take the daily reward on so many days in a row."""
    for _ in range(days):
        calendar.sleep(days=1)
        for sender in senders:
            say("/daily", sender=sender)
            say("good morning", sender=sender)
        drain()


def rules(person_id: int) -> set[str]:
    return set(Entry.objects.filter(account_id=person_id, amount__gt=0).values_list("rule", flat=True))


def test_a_life_with_the_bot(sandbox: Sandbox, calendar: Calendar) -> None:
    ada, ben = user(first_name="Canarybird"), user(BEN, first_name="Ben")
    me = join(ada)
    take_the_quiz(ada)
    take_the_tutorial(sandbox, ada)
    play(sandbox, ada, calendar)
    say("/challenge", sender=ada)
    drain()
    assert selectors.main_archetype(selectors.archetype(me)) == "Storyteller"
    assert {"onboarding_completed", "personality_detected", "tutorial_completed", "daily_login"} <= rules(me)
    assert {"story_chapter_completed", "story_decision_made"} <= rules(me)
    assert len(events("narrative.story_completed")) == 1
    assert len(events("game.trivia_completed")) == 5

    say("/invite", sender=ada)
    drain()
    him = join(ben, f"r_{services.invite_code(person_id=me)}")
    take_the_tutorial(sandbox, ben)
    come_by(calendar, 8, ada, ben)
    assert "streak_bonus" in rules(me)
    assert ledger.standing(me).level > 1
    assert events("game.level_up")
    assert Referral.objects.get(invitee_id=him).status == Referral.Status.QUALIFIED
    calendar.sleep(days=8)
    services.pay_referrals(now=clock.now())
    drain()
    assert "friend_referral" in rules(me)
    assert "referral_welcome" in rules(him)

    choose("vip_30")
    drain()
    bill = last_bill()
    assert ask(sandbox, bill.payload, bill.stars)
    pay(sandbox, bill.payload)
    drain()
    assert selectors.effective_vip(me, clock.now()) is not None
    assert "vip_purchase" in rules(me)
    payment = Payment.objects.get()
    payments.request_refund(payment_id=payment.pk, reason="asked for it", actor=STAFF, key="life", now=clock.now())
    drain()
    assert len(sandbox.calls(method="refundStarPayment")) == 1
    assert selectors.effective_vip(me, clock.now()) is None
    assert Entry.objects.filter(account_id=me, kind="reversal", amount=-1000).count() == 1

    say("/export", sender=ada)
    drain()
    assert len(sandbox.calls(method="sendDocument", chat=ADA)) == 1
    say("/deleteme", sender=ada)
    drain()
    assert push(sandbox, ada, "yes")
    assert services.erase_due(now=clock.now()) == 0, "there are seven days to undo it"
    calendar.sleep(days=7, minutes=1)
    assert services.erase_due(now=clock.now()) == 1
    drain()
    assert not Failure.objects.exists()
    gone = Person.objects.get(pk=me)
    assert (gone.status, gone.telegram_id, gone.full_name) == ("erased", None, "")
    assert not Notice.objects.filter(person_id=me).exists()
    assert not Update.objects.filter(person_id=me).exclude(body=b"").exists()
    assert not StoredEvent.objects.filter(payload__contains="Canary").exists()
    call_command("verify_ledger", "--origins")
