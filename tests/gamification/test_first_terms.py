"""New terms of the rules that are there from the start: where staff have changed a rule, theirs hold."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from apps.gamification.models import Rule, RuleVersion
from diana.audit.models import AuditRecord
from tests.gamification.acts import NOON, award, daily, person

pytestmark = pytest.mark.django_db

terms = import_module("apps.gamification.migrations.0067_reactions_and_joins")
MESSAGES = {"event_type": "game.message_sent", "base": 5, "active_from": NOON}
CHANGE = {"conditions": [{"field": "place", "equals": "group"}]}


def rule(key: str, versions: int, **fields: Any) -> RuleVersion:
    """Add a rule with so many versions, and give it the new terms; return its newest version."""
    made = Rule.objects.create(key=key, title=key)
    for number in range(versions):
        RuleVersion.objects.create(rule=made, version=number + 1, created_by="x", **MESSAGES | fields)
    terms.add_version(apps, connection.alias, key, CHANGE)
    return RuleVersion.objects.filter(rule=made).latest("version")


def test_they_are_a_version_of_their_own_and_the_rest_stays() -> None:
    newest = rule("made", 1, limits=[{"per": "hour", "count": 100}], capped=False)
    assert (newest.version, newest.conditions) == (2, CHANGE["conditions"])
    assert (newest.limits, newest.capped, newest.base) == ([{"per": "hour", "count": 100}], False, 5)
    assert newest.active_from == terms.BEGINNING, "nothing was paid yet"


def test_a_new_installation_has_them_from_the_start_in_version_1() -> None:
    for key in ("message_sent", "community_participation", "group_joined", "trivia_completed"):
        assert [version.version for version in RuleVersion.objects.filter(rule=key)] == [1]
        terms.add_version(apps, connection.alias, key, CHANGE)
        assert RuleVersion.objects.filter(rule=key).count() == 1
    assert not AuditRecord.objects.exists()


def test_an_installation_of_before_gets_the_limit_of_the_question_and_staff_keep_theirs() -> None:
    trivia = import_module("apps.gamification.migrations.0080_shortest_time_of_the_question")
    own = [trivia.CORRECT]
    for key, versions, conditions, then in (
        ("before", 1, trivia.FIXED, [trivia.FIXED, trivia.BY_QUESTION]),
        ("others", 1, own, [own]),
        ("newer", 2, trivia.FIXED, [trivia.FIXED] * 2),
    ):
        made = Rule.objects.create(key=key, title=key)
        for number in range(versions):
            fields = MESSAGES | {"event_type": "game.trivia_completed", "conditions": conditions, "created_by": "x"}
            RuleVersion.objects.create(rule=made, version=number + 1, **fields)
        for _ in range(2):
            trivia.limit_by_question(apps, connection.alias, key)
        found = RuleVersion.objects.filter(rule=made).order_by("version")
        assert [version.conditions for version in found] == then


def test_what_staff_have_changed_stays_as_it_is() -> None:
    newest = rule("made", 2)
    assert (newest.version, newest.conditions) == (2, [])


def test_where_points_were_paid_they_begin_an_hour_after_the_upgrade() -> None:
    """Processes of the release before know no place: theirs must be gone by then."""
    award(daily(person()))
    newest = rule("made", 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT diana_now()")
        (now,) = cursor.fetchone()
    assert now + timedelta(minutes=59) < newest.active_from <= now + timedelta(hours=1)
