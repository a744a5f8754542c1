"""Points are not for sale: what is paid for brings VIP and its bonus, and nothing into the ledger by itself."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from apps.gamification import selectors, services
from apps.gamification.checks import check_active_rules
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.rules import Multipliers, MultiplierVersion, Rewards, Rule, Rulebook
from apps.gamification.loading import rulebook
from apps.gamification.models import Achievement, AchievementVersion, Entry, RuleVersion, Unlock
from apps.gamification.models import Rule as StoredRule
from diana.audit.models import AuditRecord
from tests.gamification.achieving import vip
from tests.gamification.acts import NOON, STAFF, award, event, message, person

pytestmark = pytest.mark.django_db


def paid(charge: int, somebody: int, *, first: bool) -> None:
    told = {"charge": charge, "product": "vip_30", "stars": 250, "recurring": not first, "first": first}
    award(event("payment.succeeded", somebody, **told))


def test_paying_earns_nothing_and_what_vip_gives_stays() -> None:
    somebody = person()
    paid(1, somebody, first=True)
    paid(2, somebody, first=False)
    vip(somebody)
    assert not Entry.objects.exists()
    assert set(Unlock.objects.values_list("achievement", "tier")) == {
        ("vip_member", "bronze"), ("vip_member", "silver"), ("vip_member", "gold"),
    }  # fmt: skip
    award(message(somebody))
    assert Entry.objects.get().amount == 8, "half as much again"


def test_the_medal_of_vips_that_staff_give_brings_no_points_either() -> None:
    somebody = person()
    how = {"person_id": somebody, "tier": "bronze", "reason": "r", "actor": STAFF, "now": NOON}
    given = {"person_id": somebody, "achievement": "vip_member", "tier": "bronze"}
    preview = services.preview_act(act="grant_achievement", parameters=given, reason="r", actor=STAFF, now=NOON)
    assert [change.after for change in preview.changes][:2] == ["bronze", 0]
    services.grant_achievement(achievement="vip_member", key="k", **how)
    services.grant_achievement(achievement="early_bird", key="l", **how)
    award()
    award(message(somebody))
    assert selectors.balance(somebody) == 20 + 5


def test_what_happened_under_the_terms_of_before_is_paid_by_them() -> None:
    before, since = NOON, NOON + timedelta(hours=1)
    unlocked = Rule("achievement_unlocked", 1, NOON.replace(year=1970), "game.achievement_unlocked", 20)
    multipliers = [MultiplierVersion(1, NOON.replace(year=1970), Multipliers())]
    book = Rulebook([unlocked], multipliers, rewards=Rewards({"vip_member": [(since, False), (before, True)]}))
    for moment, fields, base in (
        (before, {"achievement": "vip_member"}, 20),
        (since - timedelta(microseconds=1), {"achievement": "vip_member"}, 20),
        (since, {"achievement": "vip_member"}, 0),
        (since, {"achievement": "voice"}, 20),
        (before - timedelta(days=1), {"achievement": "vip_member"}, 20),
    ):
        assert book.base_of(unlocked, fields, microseconds(moment)) == base, moment


def test_new_versions_begin_where_nothing_was_paid_from_the_beginning_else_in_an_hour() -> None:
    ending = import_module("apps.gamification.migrations.0083_not_for_sale")
    first = {"event_type": "payment.succeeded", "base": 7, "limits": [], "active_from": NOON, "created_by": "x"}
    for key in ("fresh", "later", "staffs"):
        RuleVersion.objects.create(rule=StoredRule.objects.create(key=key, title=key), version=1, **first)
    RuleVersion.objects.create(rule_id="staffs", version=2, **first)
    with connection.cursor() as cursor:
        cursor.execute("SELECT diana_now()")
        (now,) = cursor.fetchone()
    ending.end_rule(apps, connection.alias, "fresh")
    award(message(person()))
    ending.end_rule(apps, connection.alias, "later")
    ending.end_rule(apps, connection.alias, "staffs")
    newest = {version.rule_id: version for version in RuleVersion.objects.order_by("version")}
    assert (newest["fresh"].base, newest["fresh"].active_from) == (0, ending.terms.BEGINNING)
    assert newest["later"].base == 0
    assert now + timedelta(minutes=59) < newest["later"].active_from <= now + timedelta(minutes=61)
    assert (newest["staffs"].version, newest["staffs"].base) == (3, 0), "points are for sale by nobody's terms"
    assert newest["staffs"].limits == first["limits"]


def test_a_rule_that_pays_nothing_on_purpose_is_no_mistake() -> None:
    assert check_active_rules(["default"]) == []


def test_staff_decide_whether_an_achievement_is_rewarded() -> None:
    somebody, newest = person(), Achievement.objects.get(pk="voice").versions.first()
    assert newest is not None
    services.add_achievement_version(
        achievement="voice",
        active_from=NOON,
        strategy=newest.strategy,
        config=newest.config,
        tiers=[{"tier": "bronze", "target": 1}],
        rewarded=False,
        reason="r",
        actor=STAFF,
        now=NOON,
    )
    award(message(somebody))
    assert Unlock.objects.get().achievement_id == "voice"
    assert selectors.balance(somebody) == 5
    record = AuditRecord.objects.get(act="add_achievement_version")
    assert record.after is not None
    assert record.after["rewarded"] is False
    assert AchievementVersion.objects.filter(rewarded=False).count() == 2
    assert not rulebook().rewards.are_given("voice", microseconds(NOON))
