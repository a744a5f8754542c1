"""Rules as rows: versions that begin at their date, refused when they could not work, read anew when they change."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.gamification import loading, selectors, services
from apps.gamification.checks import check_active_rules
from apps.gamification.models import MultiplierVersion, RuleVersion
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from tests.gamification.acts import NOON, STAFF, award, message, person

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=2)


def add(**changes: Any) -> RuleVersion:
    """Add a version of message_sent that pays 7 from LATER on, with changes."""
    values: dict[str, Any] = {
        "rule": "message_sent",
        "active_from": LATER,
        "event_type": "game.message_sent",
        "base": 7,
        "limits": [{"per": "hour", "count": 2}],
        "reason": "Spring",
        "actor": STAFF,
        "now": NOON,
    }
    return services.add_rule_version(**(values | changes))


def test_a_version_pays_from_its_date_on() -> None:
    somebody = person()
    award(message(somebody), at=NOON)
    assert add().version == 2
    award(message(somebody), at=LATER - timedelta(microseconds=1))
    assert selectors.balance(somebody) == 10
    award(message(somebody), message(somebody), message(somebody), at=LATER)
    assert selectors.balance(somebody) == 24
    record = AuditRecord.objects.get()
    assert (record.before["base"], record.after["base"]) == (5, 7)
    assert StoredEvent.objects.filter(type="admin.rule_activated").count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"active_from": NOON - timedelta(seconds=1)},
        {"event_type": "game.nothing_of_the_kind"},
        {"event_type": "game.points_awarded"},
        {"limits": [{"per": "fortnight", "count": 1}]},
        {"limits": [{"per": "hour", "count": 0}]},
        {"limits": [{"per": "hour", "count": 1, "key": ["no_such_field"]}]},
        {"conditions": [{"field": "no_such_field", "equals": 1}]},
        {"conditions": [{"field": "length", "below": 1}]},
        {"base": 0},
    ],
)
def test_a_version_that_could_not_work_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(services.InvalidRule):
        add(**change)
    assert RuleVersion.objects.filter(rule="message_sent").count() == 1


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(services.UnknownRule):
        add(rule="no_such_rule")
    with pytest.raises(services.UnknownRule):
        services.set_rule_active(rule="no_such_rule", active=True, reason="r", actor=STAFF, now=NOON)


def test_a_retired_rule_pays_nothing_until_it_is_activated_again() -> None:
    somebody = person()
    act = {"rule": "message_sent", "reason": "r", "actor": STAFF, "now": NOON}
    assert services.set_rule_active(active=False, **act)
    assert not services.set_rule_active(active=False, **act)
    award(message(somebody))
    assert selectors.balance(somebody) == 0
    assert services.set_rule_active(active=True, **act)
    award(message(somebody), at=NOON + timedelta(minutes=1))
    assert selectors.balance(somebody) == 5


def of_newer_code(rule: str) -> None:
    """Add a version for a type that no class here has, as code of another release may have."""
    RuleVersion.objects.create(
        rule_id=rule, version=9, active_from=NOON, event_type="game.of_newer_code", base=1, created_by="newer"
    )


def test_a_rule_whose_events_nobody_publishes_cannot_be_activated() -> None:
    services.set_rule_active(rule="friend_referral", active=False, reason="r", actor=STAFF, now=NOON)
    of_newer_code("friend_referral")
    with pytest.raises(services.InvalidRule):
        services.set_rule_active(rule="friend_referral", active=True, reason="r", actor=STAFF, now=NOON)


def test_bonuses_change_at_their_date() -> None:
    somebody = person()
    config = dict(MultiplierVersion.objects.get().config)
    config["windows"] = [
        {"starts": LATER.isoformat(), "ends": (LATER + timedelta(hours=1)).isoformat(), "basis_points": 10_000}
    ]
    added = services.add_multiplier_version(active_from=NOON, config=config, reason="Fest", actor=STAFF, now=NOON)
    assert added.version == 2
    for hours, balance in ((0, 5), (2, 15), (3, 20)):
        award(message(somebody), at=NOON + timedelta(hours=hours))
        assert selectors.balance(somebody) == balance


def test_a_cooldown_keeps_its_distance() -> None:
    somebody = person()
    add(active_from=NOON, limits=[{"per": "cooldown", "seconds": 60}])
    for seconds, balance in ((0, 7), (59, 7), (60, 14), (30, 14), (119, 14), (120, 21)):
        award(message(somebody), at=NOON + timedelta(seconds=seconds))
        assert selectors.balance(somebody) == balance


@pytest.mark.parametrize(
    "limit", [{"per": "cooldown"}, {"per": "hour", "seconds": 5}, {"per": "cooldown", "seconds": 2_592_001}]
)
def test_a_cooldown_needs_a_time_of_at_most_thirty_days(limit: dict[str, Any]) -> None:
    with pytest.raises(services.InvalidRule):
        add(limits=[limit])


@pytest.mark.parametrize(
    "change",
    [
        {"vip": -1},
        {"factor_at_most": 1},
        {"level_table": 99},
        {"nonsense": 1},
        {"windows": [{"starts": "2026-01-02T00:00:00+00:00", "ends": "2026-01-01T00:00:00+00:00", "basis_points": 1}]},
        {"windows": [{"starts": "2026-01-01T00:00:00", "ends": "2026-01-02T00:00:00", "basis_points": 1}]},
    ],
)
def test_bonuses_that_could_not_work_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(services.InvalidRule):
        services.add_multiplier_version(active_from=NOON, config=change, reason="r", actor=STAFF, now=NOON)


def test_the_rulebook_is_read_once_for_each_revision() -> None:
    assert loading.rulebook() is loading.rulebook()
    before = loading.rulebook()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE gamification_rule SET title = title WHERE key = 'login'")
    assert loading.rulebook() is not before


def test_the_seeded_rules_pass_the_check_and_a_broken_one_does_not() -> None:
    assert check_active_rules(["default"]) == []
    of_newer_code("friend_referral")
    assert [error.id for error in check_active_rules(["default"])] == ["gamification.E001"]
    assert check_active_rules(None) == []
