"""VIP as the person meets it: in the profile and in what a day is worth; and that no message, button or link gives any."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.gamification.models import Entry
from apps.users import selectors, services
from apps.users.models import Grant, Person, Staff, VipOverride, VipStanding
from diana import clock
from diana.audit import Actor
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.updates import ADA, answer, deliver, message, press, say, texts, update, user
from tests.gamification.test_admin import confirm

__all__ = ["sandbox"]

DAY = timedelta(days=1)
ACTOR = Actor(7, "ana", "admin")


def profile(sandbox: Sandbox) -> str:
    """Ask for the profile; return what the bot answers."""
    say("/profile")
    answer()
    return texts(sandbox)[-1]


def ada() -> Person:
    """Let Ada come by; return her."""
    say("/start")
    drain()
    return Person.objects.get(telegram_id=ADA)


def test_staff_grant_vip_and_the_profile_and_the_day_show_it(sandbox: Sandbox, client: Client) -> None:
    person = ada()
    assert "VIP: no" in profile(sandbox)
    client.force_login(Staff.objects.create_superuser("root"))
    sent = {"person": person.pk, "source": "gift", "days": "30", "reason": "poem", "act_key": "k"}
    confirm(client, reverse("admin:users_grant_add"), sent)
    assert "VIP until" in profile(sandbox)
    say("/daily")
    drain()
    assert Entry.objects.get(rule="daily_login").multipliers == "vip=5000"


def test_vip_that_ends_is_told_in_the_profile_step_by_step(sandbox: Sandbox) -> None:
    person, now = ada(), clock.now()
    given = services.grant_vip(
        person_id=person.pk, source="gift", days=1, reason="r", actor=ACTOR, now=now - timedelta(hours=30)
    )
    assert "VIP has ended. What it gave is yours until" in profile(sandbox)
    services.expire_vip(now=clock.now())
    drain()
    assert StoredEvent.objects.filter(type="vip.grace_entered").count() == 1
    say("/daily")
    drain()
    assert Entry.objects.get(rule="daily_login").multipliers == "vip=5000", "in grace as well"
    services.extend_vip(person_id=person.pk, days=2, reason="r", actor=ACTOR, key="k", now=clock.now())
    assert "VIP ends soon" in profile(sandbox)
    assert given.ends_at < now


def test_forced_off_the_profile_says_nothing_of_it_and_the_day_is_worth_less(sandbox: Sandbox) -> None:
    person, now = ada(), clock.now()
    how: dict[str, Any] = {"person_id": person.pk, "reason": "r", "actor": ACTOR, "now": now}
    services.grant_vip(source="gift", days=30, **how)
    services.override_vip(mode="off", until=now + DAY, key="k", **how)
    assert "VIP: no" in profile(sandbox)
    say("/daily")
    drain()
    assert Entry.objects.get(rule="daily_login").multipliers == ""


# What somebody who wants VIP for nothing might try.
COMMANDS = [
    "/grant 30", "/grant_vip 1 30", "/vip grant", "/vip on", "/start vip", "/start grant_vip", "/start r_1_vip",
    "/start vip_30", "/settings vip on", "/settings is_vip true", "/profile vip=1", '/start {"is_vip":true}',
    "/profile grant 30", "/extend 30", "/override on", "/promo VIP", "/gift 1",
]  # fmt: skip
VERBS = [
    "grant",
    "grant_vip",
    "extend",
    "override",
    "on",
    "gift",
    "renew",
    "set",
    "buy",
    "paid",
    "free",
    "show",
    "change",
]
SCREENS = ["vip", "profile", "settings", "users", "grant", "admin", "top", "payments", "points", "welcome"]


def test_no_command_button_link_or_crafted_update_gives_vip(sandbox: Sandbox) -> None:
    person = ada()
    for text in COMMANDS:
        say(text)
    for screen in SCREENS:
        for verb in VERBS:
            deliver(press(f"v1|{screen}|{verb}|{person.pk}.30"))
    for data in (
        "v1|vip|grant|0",
        f"v2|vip|grant|{person.pk}",
        "grant_vip",
        f"v1|vip|grant|{person.pk}.on.vip_until=9",
    ):
        deliver(press(data))
    lies = {
        "is_vip": True,
        "vip": True,
        "vip_until": "2099-01-01T00:00:00Z",
        "is_premium": True,
        "grants": [{"days": 9}],
    }
    deliver(update(body=message("hello", sender=user(**lies)) | lies, **lies))
    deliver(update("grant", {"person": person.pk, "days": 30}))
    deliver(update("vip.granted", {"user_id": person.pk, "until": "2099-01-01T00:00:00+00:00"}))
    deliver(json.dumps(update(body=message("/profile") | {"via_bot": user(9, **lies)})).encode())
    drain()
    assert not Grant.objects.exists()
    assert not VipOverride.objects.exists()
    assert not VipStanding.objects.exists()
    assert not StoredEvent.objects.filter(type__startswith="vip.").exists()
    assert selectors.vip_standings([person.pk], clock.now())[person.pk].state == "none"
    assert not Failure.objects.exists()


def test_preferences_do_not_reach_vip(committed_db: str) -> None:
    person = Person.objects.create(telegram_id=1, created_at=clock.now())
    for wish in (
        {"vip": True},
        {"is_vip": True},
        {"vip_until": "2099-01-01"},
        {"notices": {"vip": True}},
        {"status": "vip"},
    ):
        with pytest.raises(services.InvalidPreferences):
            services.change_preferences(person_id=person.pk, changes=wish, now=clock.now())
    assert selectors.vip_standings([person.pk], clock.now())[person.pk].state == "none"
