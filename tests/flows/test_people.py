"""Whole stories of newcomers: from the webhook's body through the handlers to what the Bot API was asked for."""

from datetime import timedelta
from typing import Any

from apps.gamification import selectors as ledger
from apps.gamification import services as gamification
from apps.users import selectors, services
from apps.users.models import Person, Referral
from diana import clock
from diana.audit import Actor
from diana.events.models import Failure
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.updates import ADA, deliver, events, press, say, texts, user

__all__ = ["sandbox"]

BEN = 4_712


def tap(data: str, sender: dict[str, Any]) -> None:
    """Press a button of the person's own, under the bot's last message to them."""
    me = selectors.person_of(sender["id"])
    assert deliver(press(data.format(me), sender=sender)) == 200
    drain()


def join(sender: dict[str, Any], payload: str = "") -> int:
    """Say /start and take all first steps."""
    say(f"/start {payload}".strip(), sender=sender)
    drain()
    for data in (
        "v1|set|lang|{}.en",
        "v1|set|tz|{}.Europe/Madrid",
        "v1|set|vis|{}.name",
        "v1|first|agree|{}",
        "v1|first|later|{}",
    ):
        tap(data, sender)
    person_id = selectors.person_of(sender["id"])
    assert person_id is not None
    return person_id


def test_a_newcomer_takes_the_first_steps_and_is_paid_for_them(sandbox: Sandbox) -> None:
    me = join(user())
    assert "Welcome, Ada!" in texts(sandbox)[0]
    assert [type_ for type_, _ in events("user.onboarding_started", "user.onboarding_completed")] == [
        "user.onboarding_started",
        "user.onboarding_completed",
    ]
    assert len(events("user.consent_given")) == 2
    assert Person.objects.get(pk=me).timezone == "Europe/Madrid"
    assert ledger.balance(me) >= 50
    say("/start")
    drain()
    assert "What would you like to do?" in texts(sandbox)[-1]
    assert not Failure.objects.exists()


def test_the_tutorial_is_done_by_doing_what_it_tells(sandbox: Sandbox) -> None:
    say("/start")
    for text in ("/tutorial", "/daily", "/top", "/achievements"):
        say(text)
        drain()
    me = selectors.person_of(ADA)
    assert me is not None
    assert selectors.tutorial_standing(me).done == {"daily", "board", "achievement"}
    services.take_tutorial_step(person_id=me, step="story", now=clock.now())
    drain()
    assert len(events("user.tutorial_completed")) == 1
    rules = [entry.rule for entry in ledger.entries(me, 20).lines]
    assert rules.count("tutorial_step_completed") == 4
    assert rules.count("tutorial_completed") == 1


def test_the_quiz_orders_the_menu_and_makes_a_segment(sandbox: Sandbox) -> None:
    me = join(user())
    tap("v1|quiz|begin|{}", user())
    attempt = selectors.quiz_standing(me).attempt_id
    for number in range(10):
        value = 3 if number < 6 else 5 if number == 9 else 1
        tap(f"v1|quiz|answer|{{}}.{attempt}.{number}.{value}", user())
    assert selectors.archetype(me) == "Connector"
    assert ledger.look(me).archetype == "connector"
    assert not Failure.objects.exists()


def test_a_friend_who_stays_is_paid_for_and_one_who_is_suspended_is_not(sandbox: Sandbox) -> None:
    ada = join(user())
    say("/invite")
    drain()
    code = services.invite_code(person_id=ada)
    assert f"?start=r_{code}" in texts(sandbox)[-1]
    ben = join(user(BEN, first_name="Ben"), f"r_{code}")
    row = Referral.objects.get(invitee_id=ben, referrer_id=ada)
    assert row.points > 0, "what Ben earned since then counts"
    now = clock.now()
    Referral.objects.update(status="qualified", qualified_at=now - timedelta(days=8))
    assert services.pay_referrals(now=now) == 1
    drain()
    assert [e.amount for e in ledger.entries(ada, 50).lines if e.rule == "friend_referral"] == [500]
    services.suspend(person_id=ben, until=None, reason="r", actor=Actor(1, "vera", "admin"), key="k", now=clock.now())
    drain()
    assert gamification.reverse_referrals(now=clock.now()) == 2
    assert (
        sum(e.amount for e in ledger.entries(ada, 50).lines if e.rule == "friend_referral" or e.kind == "reversal") == 0
    )


def test_who_leaves_the_first_steps_is_told_of_once(sandbox: Sandbox) -> None:
    say("/start")
    drain()
    tomorrow = clock.now() + timedelta(hours=25)
    assert services.remind_onboarding(now=tomorrow) == 1
    assert services.remind_onboarding(now=tomorrow) == 0
    assert events("user.onboarding_abandoned") == [("user.onboarding_abandoned", {"step": "language"})]
