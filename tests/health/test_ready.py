"""/health/ready: one word, soon, whatever hangs."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from diana.events import overview, presence, publish
from diana.health import readiness, views
from tests.conftest import database_named
from tests.events.declared import Happened


@pytest.fixture(autouse=True)
def examiner(monkeypatch: pytest.MonkeyPatch) -> readiness.Examiner:
    """An examiner of the test's own, that has asked nobody yet."""
    fresh = readiness.Examiner()
    monkeypatch.setattr(views, "examiner", fresh)
    monkeypatch.setattr(readiness, "KEPT_SECONDS", -1)
    overview.forget()
    return fresh


@pytest.fixture
def relay(committed_db: str) -> Iterator[None]:
    """A session like a relay's."""
    ready, over = threading.Event(), threading.Event()

    def hold() -> None:
        presence.announce()
        ready.set()
        over.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert ready.wait(10)
    yield
    over.set()
    thread.join()


def asked(client: Client) -> tuple[int, str]:
    answer = client.get("/health/ready")
    body = answer.json()
    assert set(body) == {"status"}, "details are for the log"
    return answer.status_code, body["status"]


@pytest.mark.usefixtures("relay", "valkey")
def test_it_is_ok_when_everything_answers(client: Client):
    assert asked(client) == (200, "ok")


@pytest.mark.usefixtures("relay")
def test_without_redis_it_is_degraded(client: Client, servers: Any):
    servers.valkey.stop()
    assert asked(client) == (200, "degraded")


@pytest.mark.usefixtures("relay", "valkey")
def test_a_hung_redis_is_degraded_and_costs_a_quarter_of_a_second(client: Client, servers: Any):
    assert asked(client) == (200, "ok")
    servers.valkey.pause()
    try:
        started = time.monotonic()
        assert asked(client) == (200, "degraded")
        assert time.monotonic() - started < 3
    finally:
        servers.valkey.resume()


@pytest.mark.usefixtures("committed_db", "valkey")
def test_without_a_relay_it_is_degraded(client: Client, examiner: readiness.Examiner):
    assert asked(client) == (200, "degraded")
    assert examiner.readiness().reasons == ("no relay is awake",)


@pytest.mark.usefixtures("relay", "valkey")
def test_a_relay_that_sleeps_is_degraded(client: Client, settings: Any):
    settings.HEALTH_RELAY_SECONDS = 0.2
    time.sleep(0.3)
    assert asked(client) == (200, "degraded")


@pytest.mark.usefixtures("relay", "valkey")
def test_events_that_wait_for_long_are_degraded(client: Client, settings: Any, register: Any, numbers: Any):
    settings.HEALTH_LAG_SECONDS = 0.1
    register(numbers)
    with transaction.atomic():
        publish(Happened(user_id=7))
    time.sleep(0.2)
    assert asked(client) == (200, "degraded")


def test_without_postgresql_it_is_down(django_db_setup: None, client: Client):
    with database_named("is_not_there"):
        assert asked(client) == (503, "down")


def test_a_hung_postgresql_is_down_in_time_and_holds_up_no_second_request(
    django_db_setup: None, client: Client, monkeypatch: pytest.MonkeyPatch
):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        monkeypatch.setitem(connections.settings["default"], "PORT", deaf.getsockname()[1])
        started = time.monotonic()
        assert asked(client) == (503, "down")
        first = time.monotonic() - started
        assert asked(client) == (503, "down")
        both = time.monotonic() - started
    assert first < 5, "a connection may take that long; the answer may not"
    assert both - first < 0.9, "the second asks no new question"


@pytest.mark.usefixtures("relay", "valkey")
def test_it_asks_once_a_second_whoever_asks(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 60)
    questions: list[int] = []
    monkeypatch.setattr(readiness.Question, "answer", lambda self, seconds: questions.append(1) or [])
    assert {asked(client) for _ in range(5)} == {(200, "ok")}
    assert len(questions) == 2


def test_it_tells_the_log_why_and_only_when_it_changes(
    django_db_setup: None, client: Client, caplog: pytest.LogCaptureFixture
):
    with database_named("is_not_there"):
        assert {asked(client) for _ in range(3)} == {(503, "down")}
    lines = [r.getMessage() for r in caplog.records if r.name == "diana.health.readiness"]
    assert lines == ["readiness is down: the database does not answer (OperationalError)"]


@pytest.mark.django_db
def test_live_asks_nobody(client: Client):
    with database_named("is_not_there"):
        assert client.get("/health/live").status_code == 200


@pytest.mark.usefixtures("relay", "valkey")
def test_a_database_that_takes_no_writes_is_down_and_the_log_names_the_cure(
    client: Client, examiner: readiness.Examiner, committed_db: str, servers: Any
):
    servers.admin("ALTER DATABASE {} SET default_transaction_read_only TO on", committed_db)
    assert asked(client) == (503, "down")
    [reason] = examiner.readiness().reasons
    assert "takes no writes" in reason
    assert "DATABASE_URL" in reason
    servers.admin("ALTER DATABASE {} RESET default_transaction_read_only", committed_db)
    assert asked(client) == (200, "ok")
