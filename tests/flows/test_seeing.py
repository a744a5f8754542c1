"""What operators see of one conversation with real processes: logs from the webhook to the reply, and the numbers."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from diana.local import ports
from diana.redis_users import DRILLS, USERS
from tests.canaries import Canaries, logged
from tests.canaries.sources import commands_of_redis, database_text, flower_pages, redis_text
from tests.faults.conftest import SECRET, Community, community
from tests.processes import wait_until

__all__ = ["community"]

NAME = "Canary\nof a name\x1b[31m"
TEXT = "canary of a text"
PERSON = 424_242_424
PERSONAL = Canaries(
    {
        "first name": "of a name",
        "last name": "Zzlastcanary",
        "username": "zzcanary_user",
        "text": TEXT,
        "group": "Zzcanary group",
        "number": str(PERSON),
    }
)
OPERATOR = ("ops", "canary-of-an-operator")


@pytest.fixture(autouse=True)
def _as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIANA_LOG_FORMAT", "json")
    monkeypatch.setenv("METRICS_TOKEN", "canary-of-the-metrics")
    monkeypatch.setenv("FLOWER_BASIC_AUTH", ":".join(OPERATOR))


def post(http: httpx.Client, update_id: int, **message: Any) -> None:
    """Deliver a message of the person with the terrible name."""
    person = {
        "id": PERSON,
        "first_name": NAME,
        **{k: PERSONAL.words[k.replace("_", " ")] for k in ("last_name", "username")},
    }
    body = {"message_id": update_id, "date": 1_700_000_000, "chat": person | {"type": "private"}, **message}
    answer = http.post(
        "/telegram/webhook",
        json={"update_id": update_id, "message": body | {"from": person | {"is_bot": False}}},
        headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
    )
    assert answer.status_code == 200


def objects(community: Community) -> dict[str, list[dict[str, Any]]]:
    """Return the lines of each process that are JSON; whatever looks like it must be."""
    found: dict[str, list[dict[str, Any]]] = {}
    for process in community.processes._started:
        lines = [line for line in process.text().splitlines() if line.startswith("{")]
        found[process.name] = [json.loads(line) for line in lines]
        assert all(len(line) <= 8192 for line in lines)
    return found


def samples(text: str) -> dict[str, float]:
    """Return the sums of all samples by name."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0) + sample.value
    return sums


def secrets_of(environment: dict[str, str]) -> Canaries:
    """Return the secrets that processes have in their environment."""
    names = ("METRICS_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_BOT_TOKEN")
    addresses = ("DATABASE_URL", "DATABASE_OWNER_URL", *(user.variable for user in USERS))
    passwords = {name: urlsplit(environment[name]).password or "" for name in addresses}
    return Canaries({"FLOWER_BASIC_AUTH": OPERATOR[1], **{name: environment[name] for name in names}, **passwords})


@pytest.fixture
def commands(community: Community) -> Iterator[list[str]]:
    """What Redis is told during the test."""
    with commands_of_redis(community.servers.redis_url) as heard:
        yield heard


def test_one_id_leads_from_the_webhook_to_the_reply_and_nothing_private_is_said(
    community: Community, commands: list[str]
) -> None:
    flower_port = ports.free_port()
    community.processes.start("flower", FLOWER_PORT=str(flower_port))
    wait_until(lambda: ports.answers(flower_port), "Flower")
    workers = [community.processes.start(name) for name in ("worker", "telegram")]
    wait_until(lambda: all(" ready." in worker.text() for worker in workers), "the workers to be ready")
    entities = [{"type": "bot_command", "offset": 0, "length": 6}]
    post(community._http, 1, text="/start", entities=entities)
    post(community._http, 2, text=TEXT, chat={"id": -100_500, "type": "supergroup", "title": PERSONAL.words["group"]})
    wait_until(lambda: community.sandbox.calls(method="sendMessage"), "the reply")
    # Telegram refuses the answer to this one as our mistake: an error with everything at hand that could be told.
    community.sandbox.behave(fail_next=[{"status": 400, "description": "Bad Request: can't parse entities"}])
    post(community._http, 3, text="/points", entities=entities)
    wait_until(lambda: community.sql("SELECT 1 FROM event_failure WHERE status = 'dead'"), "the dead letter")
    wait_until(lambda: community.sql("SELECT 1 FROM gamification_entry WHERE rule = 'message_sent'"), "the entry")

    lines = objects(community)
    [(correlation,)] = community.sql("SELECT event_id::text FROM bot_update WHERE update_id = 1")
    kept = [line for line in lines["door"] if line.get("correlation_id") == correlation]
    sent = [line for line in lines["telegram"] if line.get("correlation_id") == correlation]
    assert [line["event"] for line in kept] == ["update kept"]
    assert [line["event"] for line in sent] == ["message sent"]
    assert (kept[0]["process"], sent[0]["process"]) == ("door", "telegram")
    assert (sent[0]["task"], sent[0]["event_id"]) == ("bot.handle_update", correlation)
    assert any("dead letter" in line["event"] for line in lines["telegram"])

    assert all(line.startswith("{") for line in workers[1].text().partition(" ready.")[2].splitlines()[1:])

    answer = community._http.get("/metrics", headers={"Authorization": "Bearer canary-of-the-metrics"})
    numbers = samples(answer.text)
    assert community._http.get("/metrics").status_code == 404
    # Counted in the door, the workers and the database, shown together.
    assert numbers["diana_events_published_total"] >= 4
    assert numbers["diana_wakeups_total"] >= 2
    assert numbers["diana_events_handled_total"] >= 4
    assert numbers["diana_handle_seconds_count"] >= 4
    assert numbers["diana_deliveries_made_total"] >= 1
    assert (numbers["diana_dead_letters"], numbers["diana_events_died_total"]) == (1, 1)
    names = community.sql("SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()")
    assert {("diana-door",), ("diana-worker",), ("diana-telegram",)} <= set(names)
    assert community._http.get("/health/ready").json() == {"status": "degraded"}
    community.processes.start("relay")
    wait_until(lambda: community._http.get("/health/ready").json() == {"status": "ok"}, "readiness")

    assert_each_comes_as_its_user(community.servers.redis_url)
    assert_nothing_leaks(community, "\n".join(commands), flower_pages(f"http://127.0.0.1:{flower_port}", OPERATOR))


def assert_each_comes_as_its_user(url: str) -> None:
    """Of those that are connected, workers alone listen to remote control, and Flower to their events."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        clients = client.client_list()
        listeners = client.execute_command("PUBSUB", "NUMPAT")
    assert {one["user"] for one in clients} == {DRILLS, *(user.name for user in USERS)}
    listening = [one["user"] for one in clients if one["psub"] != "0" or one["sub"] != "0"]
    assert sorted(listening) == ["diana-flower", "diana-telegram", "diana-worker"]
    assert listeners == 2


def assert_nothing_leaks(community: Community, commands: str, flower: dict[str, str]) -> None:
    """All that is personal is in the database, and neither it nor a secret in what is said, passed on or shown."""
    kept = database_text(community.servers.postgres.admin_url(community.database))
    assert set(PERSONAL.found_in(kept)) == set(PERSONAL.words)
    secrets = secrets_of(community.processes.environment)
    assert secrets.found_in(kept) == []

    numbers = community._http.get("/metrics", headers={"Authorization": "Bearer canary-of-the-metrics"}).text
    logs = {f"the log of {process.name}": process.text() for process in community.processes._started}
    sources = {
        **logs,
        **flower,
        "Redis at rest": redis_text(community.servers.redis_url),
        "Redis on its way": commands,
        "the numbers of web": numbers,
    }
    assert "bot.handle_update" in commands
    assert "bot.handle_update" in flower["Flower /api/tasks"]
    assert PERSONAL.leaks(sources) == []
    assert secrets.leaks(sources) == []
    # A line that said too much would be found in each log.
    leaking = {name: text + logged(PERSONAL.words["username"]) for name, text in logs.items()}
    assert PERSONAL.leaks(leaking) == [(name, "username") for name in logs]
