"""What operators see of one conversation with real processes: logs from the webhook to the reply, and the numbers."""

import json
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.faults.conftest import SECRET, Community, community
from tests.processes import wait_until

__all__ = ["community"]

NAME = "Canary\nof a name\x1b[31m"
TEXT = "canary of a text"
PERSON = 424_242_424


@pytest.fixture(autouse=True)
def _as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIANA_LOG_FORMAT", "json")
    monkeypatch.setenv("METRICS_TOKEN", "canary-of-the-metrics")


def post(http: httpx.Client, update_id: int, **message: Any) -> None:
    """Deliver a message of the person with the terrible name."""
    person = {"id": PERSON, "first_name": NAME}
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


def test_one_id_leads_from_the_webhook_to_the_reply_and_nothing_private_is_said(community: Community) -> None:
    workers = [community.processes.start(name) for name in ("worker", "telegram")]
    wait_until(lambda: all(" ready." in worker.text() for worker in workers), "the workers to be ready")
    entities = [{"type": "bot_command", "offset": 0, "length": 6}]
    post(community._http, 1, text="/start", entities=entities)
    post(community._http, 2, text=TEXT, chat={"id": -100_500, "type": "supergroup", "title": "Members"})
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

    said = community.processes.logs() + "".join(p.text() for p in community.processes._started)
    for private in ("anary", "of a name", str(PERSON), "sandbox-test", SECRET, "application-of-tests"):
        assert private not in said
    assert all(line.startswith("{") for line in workers[1].text().partition(" ready.")[2].splitlines()[1:])

    answer = community._http.get("/metrics", headers={"Authorization": "Bearer canary-of-the-metrics"})
    numbers = samples(answer.text)
    assert community._http.get("/metrics").status_code == 404
    # Counted in the web process, the workers and the database, shown together.
    assert numbers["diana_events_published_total"] >= 4
    assert numbers["diana_wakeups_total"] >= 2
    assert numbers["diana_events_handled_total"] >= 4
    assert numbers["diana_handle_seconds_count"] >= 4
    assert numbers["diana_deliveries_made_total"] >= 1
    assert (numbers["diana_dead_letters"], numbers["diana_events_died_total"]) == (1, 1)
    names = community.sql("SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()")
    assert {("diana-web",), ("diana-worker",), ("diana-telegram",)} <= set(names)
    assert community._http.get("/health/ready").json() == {"status": "degraded"}
    community.processes.start("relay")
    wait_until(lambda: community._http.get("/health/ready").json() == {"status": "ok"}, "readiness")
