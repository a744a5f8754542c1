"""A community with a past: the demo's five people and some more, who leave work of every kind to periodic tasks."""

import json
from datetime import timedelta

import pytest
from django.conf import settings

from apps.gamification.services import requests
from apps.users import selectors, services
from apps.users.models import TUTORIAL_STEPS, Person
from demo.conversation import dated, read_conversation
from diana import clock
from diana.audit import Actor
from diana.events.models import Delivery, Failure
from diana.events.subscriptions import subscriber
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.stars import ask, choose, last_bill, pay
from tests.bot.updates import ADA, say, user
from tests.door import DoorClient
from tests.flows.test_a_life import Calendar

STAFF = Actor(7, "vera", "admin")
BEN, CLEO = ADA + 1, ADA + 2
# What tasks find to do there, at least.
WORK = {
    "bot.delete_old_updates": 60,
    "bot.send_due_notices": 1,
    "gamification.close_boards": 1,
    "gamification.end_days": 1,
    "gamification.expire_requests": 1,
    "gamification.refresh_boards": 1,
    "gamification.seal_ledger": 1,
    "payments.forget_questions": 1,
    "users.end_suspensions": 1,
    "users.erase_due": 1,
    "users.expire_vip": 1,
    "users.pay_referrals": 1,
    "users.remind_onboarding": 1,
}


def live(sandbox: Sandbox, calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let six weeks pass until now, through the webhook and the services."""
    calendar.ahead = timedelta(days=-40)
    hold_the_conversation()
    buy_vip(sandbox)
    invite_ben()
    for _ in range(3):
        calendar.sleep(days=1)
        come_by(ADA, BEN)
    leave_work_to_staff()
    calendar.ahead = timedelta(days=-5)
    come_by(ADA, CLEO)
    calendar.ahead = timedelta(days=-4)
    come_by(ADA)
    calendar.ahead = timedelta()
    leave_failures(sandbox, monkeypatch)


def hold_the_conversation() -> None:
    """Deliver the demo's updates; some of them are to be refused."""
    start, http = int(clock.now().timestamp()) - 3600, DoorClient()
    for line in read_conversation():
        secret = line.secret or settings.TELEGRAM_WEBHOOK_SECRET
        answer = http.post(
            "/telegram/webhook",
            json.dumps(dated(line.update, start)),
            content_type="application/json",
            headers={"X-Telegram-Bot-Api-Secret-Token": secret},
        )
        assert answer.status_code == line.status
    drain()


def buy_vip(sandbox: Sandbox) -> None:
    """Have Ada pay for 30 days."""
    say("/start")
    drain()
    choose("vip_30")
    drain()
    bill = last_bill()
    assert ask(sandbox, bill.payload, bill.stars)
    pay(sandbox, bill.payload)
    drain()


def invite_ben() -> None:
    """Have a friend of Ada come who does the tutorial."""
    inviter = selectors.person_of(ADA)
    assert inviter is not None
    say(f"/start r_{services.invite_code(person_id=inviter)}", sender=user(BEN))
    drain()
    invited = selectors.person_of(BEN)
    assert invited is not None
    services.begin_tutorial(person_id=invited, now=clock.now())
    for step in TUTORIAL_STEPS:
        services.take_tutorial_step(person_id=invited, step=step, now=clock.now())


def come_by(*telegram_ids: int) -> None:
    """Take the daily reward."""
    for telegram_id in telegram_ids:
        say("/daily", sender=user(telegram_id))
    drain()


def leave_work_to_staff() -> None:
    """Suspend one of the demo's people for a day, give one VIP for a day, let one be forgotten; ask for a large award."""
    suspended, given, gone = Person.objects.order_by("pk").values_list("pk", flat=True)[:3]
    now, day, staff = clock.now(), timedelta(days=1), {"reason": "As agreed", "actor": STAFF, "now": clock.now()}
    services.suspend(person_id=suspended, until=now + day, key="suspended", **staff)
    services.grant_vip(person_id=given, source="staff", days=1, **staff)
    services.request_deletion(person_id=gone, key="gone", now=now)
    requests.ask(act="award", parameters={"person_id": given}, points=20_000, key="prize", **staff)
    drain()


def leave_failures(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an answer and an event wait for another try, and an update be a dead letter."""
    sandbox.behave(fail_next=[{"status": 400, "description": "Bad Request: can't parse entities"}])
    say("/points")
    drain()
    with monkeypatch.context() as patch:
        patch.setattr(subscriber("users.follow_referrals"), "function", lambda envelopes: 1 / 0)
        sandbox.behave(fail_next=[{"status": 429, "retry_after": 300}])
        come_by(BEN)
    assert set(Failure.objects.values_list("status", flat=True)) == {"dead", "retrying", "held"}
    assert Delivery.objects.exists()
