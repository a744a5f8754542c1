"""The commands of the bus: what people read, what machines read, and what they say when something is wrong."""

import io
import json
import os
import signal
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import ProgrammingError

from diana import metrics
from diana.events import subscriptions
from diana.events.models import Cursor, Delivery, Failure, StoredEvent
from diana.events.relay import Relay
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Numbers, Register
from tests.events.people import ANNA, LANE, drain, publish_numbers
from tests.servers import Servers


def said(*arguments: str, **options: Any) -> str:
    """Run a command and return what it printed."""
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def rows(*arguments: str) -> list[dict[str, Any]]:
    """Run a command with --json and return its rows."""
    return json.loads(said(*arguments, "--json"))


# events


def test_events_lists_types_with_fields_and_subscribers(register: Register, numbers: Numbers):
    register(numbers, cursors=False)
    [row] = [row for row in rows("events") if row["type"] == "test.happened"]
    assert row == {"type": "test.happened", "version": 1, "fields": "number, text", "subscribers": "test.numbers"}
    line = next(line for line in said("events").splitlines() if line.startswith("test.happened "))
    assert line.split() == ["test.happened", "1", "number,", "text", "test.numbers"]


# bus_status


@pytest.fixture
def subscriber(db: None, register: Register, numbers: Numbers) -> Subscriber:
    """A subscriber that remembers numbers."""
    return register(numbers)


def status() -> dict[str, Any]:
    return json.loads(said("bus_status", "--json"))


def status_of(subscriber: Subscriber) -> dict[str, Any]:
    [row] = [row for row in status()["subscribers"] if row["subscriber"] == subscriber.name]
    return row


def test_bus_status_shows_what_waits_and_what_failed(committed_db: str, register: Register, numbers: Numbers):
    subscriber = register(numbers)
    publish_numbers([1, 2])
    for position, status in ((1, "retrying"), (2, "held"), (3, "dead"), (4, "done")):
        Failure.objects.create(subscriber=subscriber.name, lane=LANE, position=position, status=status)
    Delivery.objects.create(subscriber=subscriber.name, lane=LANE, position=9, key="7")
    row = status_of(subscriber)
    assert row.pop("seconds_behind") >= 0
    assert row == {
        "subscriber": subscriber.name, "lanes_behind": 1, "events_behind": 2, "deliveries": 1, "retrying": 1, "held": 1,
        "dead": 1, "paused": 0, "suspect": 0, "handled": 0, "rescued": 0,
    }  # fmt: skip
    drain(subscriber)
    assert (status_of(subscriber)["lanes_behind"], status_of(subscriber)["seconds_behind"]) == (0, 0)
    assert subscriber.name in said("bus_status")


def test_bus_status_says_that_there_is_nothing(monkeypatch: pytest.MonkeyPatch, db: None):
    monkeypatch.setattr(subscriptions, "_subscribers", {})
    assert said("bus_status").startswith("(none)\n")
    assert status()["subscribers"] == []


def test_bus_status_says_what_holds_the_bus_up(committed_db: str, application: psycopg.Connection, valkey: str):
    application.execute("SET application_name = 'diana-slow'")
    with application.transaction():
        application.execute("SELECT pg_advisory_xact_lock_shared(4611686018427387904 + 1)")
        publish_numbers([1])
        found, text = status(), said("bus_status")
    [holder] = found["fence"]
    assert (holder["application"], holder["state"]) == ("diana-slow", "idle in transaction")
    assert holder["pid"] == application.info.backend_pid
    assert holder["seconds"] > 0
    assert (found["above_bound"], found["redis"], found["relays"]) == (1, {"answers": True}, [])
    assert f"fence   process {holder['pid']} (diana-slow, idle in transaction) for 0." in text
    assert "redis   answers" in text
    assert "relay   none is there" in text


def test_bus_status_says_that_redis_is_away_and_a_relay_is_there(committed_db: str, servers: Servers):
    servers.valkey.stop()
    Relay().pass_once()
    found, text = status(), said("bus_status")
    assert found["redis"] == {"answers": False}
    assert found["relays"][0]["idle_seconds"] < 5
    assert "redis   does not answer" in text
    assert "relay   seen 0." in text


def test_bus_status_shows_what_the_limits_did(db: None):
    before = status()["counts"].get("diana_events_limited_refused", 0)
    metrics.limited("refused", 3)
    assert status()["counts"]["diana_events_limited_refused"] - before == 3
    assert "events refused" in said("bus_status")


# publish_event


def test_publish_event_writes_one_event(subscriber: Subscriber, numbers: Numbers):
    printed = said("publish_event", "test.happened", "--user", str(ANNA), "--fields", '{"number": 3}')
    assert str(StoredEvent.objects.latest("id").event_id) == printed.strip()
    drain(subscriber)
    assert numbers == [3]


def test_publish_event_writes_once_for_a_key(subscriber: Subscriber):
    printed = [said("publish_event", "test.happened", "--key", "k") for _ in range(2)]
    assert (printed[0], StoredEvent.objects.filter(type="test.happened").count()) == (printed[1], 1)


@pytest.mark.django_db
def test_publish_event_only_checks_in_a_dry_run():
    assert said("publish_event", "test.happened", "--dry-run").startswith("valid: ")
    assert not StoredEvent.objects.filter(type="test.happened").exists()


WRONG = [
    (["test.unknown"], "There is no event type 'test.unknown': see manage.py events."),
    (["test.happened", "--fields", '{"number": "x"}'], "test.happened: "),
    (["test.happened", "--fields", "no json"], "JSON"),
    (["test.happened", "--fields", "[1]"], "test.happened: the fields must be a JSON object."),
    (["test.happened", "--fields", '{"numbre": 1}'], "unknown field `numbre`"),
    (["test.happened", "--fields", '{"user_id": 7}'], "user_id stands in the envelope"),
    (["test.happened", "--fields", '{"text": "\\u0000"}'], "NUL"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_publish_event_says_what_is_wrong(arguments: list[str], message: str):
    with pytest.raises(CommandError) as caught:
        said("publish_event", *arguments)
    assert message in str(caught.value)


# adopt_log


def test_adopt_log_moves_the_sequence_above_all_that_is_in_use(committed_db: str, superuser: psycopg.Connection):
    last = publish_numbers([1, 2, 3]) and StoredEvent.objects.latest("id").id
    said("adopt_log")
    assert said("adopt_log").startswith("nothing to do")
    superuser.execute("SELECT setval('event_log_id_seq', 1, true)")
    assert said("adopt_log", "--dry-run") == f"would move event_log_id_seq from 1 to {last}\n"
    assert said("adopt_log") == f"moved event_log_id_seq from 1 to {last}\n"
    assert said("adopt_log").startswith("nothing to do")
    publish_numbers([4])


# sync_subscribers


@pytest.mark.django_db
def test_sync_subscribers_says_what_it_did(register: Register, numbers: Numbers):
    subscriber = register(numbers, cursors=False)
    assert said("sync_subscribers") == f"created 16 cursors of {subscriber.name}\n"
    assert said("sync_subscribers") == "cursors and subscribers agree\n"
    register(numbers, "test.*", cursors=False)
    assert said("sync_subscribers").startswith(f"updated {subscriber.name}: ")


@pytest.fixture
def orphan(subscriber: Subscriber) -> Subscriber:
    """A subscriber that has gone from the code and left its cursors."""
    del subscriptions._subscribers[subscriber.name]
    return subscriber


def test_sync_subscribers_refuses_orphans_until_they_are_retired(orphan: Subscriber):
    with pytest.raises(CommandError, match="--retire NAME"):
        said("sync_subscribers")
    assert said("sync_subscribers", "--retire", orphan.name) == f"retired {orphan.name}\n"


def test_sync_subscribers_renames(orphan: Subscriber, register: Register, numbers: Numbers):
    register(numbers, name="test.new_name", cursors=False)
    assert said("sync_subscribers", "--rename", f"{orphan.name}=test.new_name") == "cursors and subscribers agree\n"
    assert Cursor.objects.filter(subscriber="test.new_name").count() == 16


# release, migrate and relay


def test_release_may_be_repeated(committed_db: str, register: Register, numbers: Numbers):
    register(numbers, cursors=False)
    assert "created 16 cursors of test.numbers" in said("release")
    assert said("release").endswith("cursors and subscribers agree\n")


def test_migrate_goes_to_the_owners_connection(committed_db: str):
    assert "No migrations to apply" in said("migrate")
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        said("migrate", "events", "zero", database="default", verbosity=0)


def test_relay_drains_without_redis_and_ends_when_told(committed_db: str, register: Register):
    publish_numbers([1])
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": configured.SETTINGS_MODULE}
    command = [sys.executable, "-c", RELAY]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "handled 1\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


RELAY = """
import django
django.setup()
from django.core.management import call_command
from diana.events import release, subscribe

@subscribe("test.happened", name="test.printing", start="beginning")
def printing(envelope):
    print("handled", envelope.event.number, flush=True)

import tests.events.declared
release.sync()
call_command("relay")
"""
