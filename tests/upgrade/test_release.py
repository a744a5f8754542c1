"""The release step of this version brings an old database to where a new one begins."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from apps.gamification.models import AchievementVersion, Entry, Rule, RuleVersion
from diana.events.models import Cursor, StoredEvent
from diana.events.release import sync
from diana.events.subscriptions import subscribers
from tests.schema.catalogue import Connection
from tests.schema.shape import differences, shape
from tests.servers import OWNER, TEMPLATE, Servers
from tests.upgrade.old import EXPECTED

LOG = EXPECTED["log"]


@pytest.fixture
def owners(servers: Servers, upgraded: str) -> Iterator[tuple[Connection, Connection]]:
    """The owner's connections to a new database and to the upgraded one."""
    addresses = [servers.url(OWNER, name) for name in (TEMPLATE, upgraded)]
    with psycopg.connect(addresses[0]) as new, psycopg.connect(addresses[1]) as old:
        yield new, old


def test_every_migration_is_applied(reading: None) -> None:
    executor = MigrationExecutor(connections["owner"])
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_the_database_has_the_shape_and_the_rights_of_a_new_one(owners: tuple[Connection, Connection]) -> None:
    new, upgraded = owners
    assert differences(plain(shape(new)), plain(shape(upgraded))) == []


def plain(found: dict[str, str]) -> dict[str, str]:
    """Return the shape without what PostgreSQL writes otherwise in a restored database: casts and brackets of conditions."""
    return {name: re.sub(r"[()]|::(text|character varying)(\[\])?", "", text) for name, text in found.items()}


def test_the_log_is_whole_and_every_subscriber_knows_where_to_go_on(reading: None) -> None:
    assert StoredEvent.objects.count() == LOG["events"]
    assert StoredEvent.objects.latest("id").pk == LOG["last"]
    fingerprints = {subscriber.name: subscriber.fingerprint for subscriber in subscribers()}
    assert dict(Cursor.objects.values_list("subscriber", "fingerprint").distinct()) == fingerprints
    assert not Cursor.objects.filter(position__gt=LOG["last"]).exists()


def test_rules_of_before_have_the_present_terms_as_their_next_versions(reading: None) -> None:
    newest = {version.rule_id: version for version in RuleVersion.objects.order_by("version")}
    paid_last = Entry.objects.latest("recorded_at").recorded_at
    in_time = {"field": "milliseconds - shortest_milliseconds", "minimum": 0}
    for rule, *conditions in (
        ("message_sent", {"field": "place", "equals": "group"}),
        ("community_participation", {"field": "kind", "equals": "reaction"}),
        ("group_joined", {"field": "kind", "equals": "join"}),
        ("trivia_completed", {"field": "correct", "equals": True}, in_time),
    ):
        assert newest[rule].conditions == conditions
        assert newest[rule].active_from > paid_last, "what was paid stays explained"
    assert (newest["message_sent"].version, newest["group_joined"].version) == (2, 1)
    assert Rule.objects.get(pk="group_joined").active
    assert AchievementVersion.objects.filter(achievement="voice").count() == 2


def test_releasing_again_changes_nothing(committed_db: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(Cursor.objects.order_by("id").values())
    sync()
    call_command("migrate", verbosity=0, interactive=False)
    assert list(Cursor.objects.order_by("id").values()) == before
