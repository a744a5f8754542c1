"""A real Flower that looks into a real worker: accounts, headers, and nothing secret in any page."""

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from flower.urls import handlers

from diana.local import ports
from tests.processes import running_processes, wait_until
from tests.sandbox.conftest import PLAIN
from tests.security_headers.expected import assert_protected, directives

OPERATOR, VIEWER, WRONG = ("ops", "Canary-of-ops"), ("looks", "Canary-of-viewer"), ("looks", "wrong")
# What a worker and Flower know of the environment; the password in DATABASE_URL is that of the tests.
SECRETS = {
    "DJANGO_SECRET_KEY": "Canary-of-django",
    "DJANGO_SECRET_KEY_FALLBACKS": "Canary-of-fallback",
    "TELEGRAM_WEBHOOK_SECRET": "Canary-of-webhook-0123456789abcdefgh",
    "TELEGRAM_BOT_TOKEN": "1:sandbox-Canary-of-bot",
    "TOMBSTONE_KEY": "Canary-of-tombstones",
    "METRICS_TOKEN": "Canary-of-metrics",
    "EVENTS_SEALING_KEYS": f"k:{base64.b64encode(b'Canary-of-sealing-0123456789abcd').decode()}",
    "LEDGER_SIGNING_KEY": f"k:{base64.b64encode(b'Canary-of-signing-0123456789abcd').decode()}",
    "FLOWER_BASIC_AUTH": ":".join(OPERATOR),
    "FLOWER_VIEWER_AUTH": ":".join(VIEWER),
}
LEAK = re.compile("Canary|canary|application-of-tests|owner-of-tests|Q2FuYXJ5")
READS = ("/tasks/datatable",)
PAGES = [
    "/",
    "/workers?refresh=1",
    "/workers?json=1",
    "/tasks",
    "/broker",
    "/api/workers?refresh=1",
    "/api/workers?status=1",
    "/api/tasks",
    "/api/task/types",
    "/api/queues/length",
    "/metrics",
    "/healthcheck",
]


def addresses() -> list[str]:
    """Return an address for each route of Flower, with something in place of what varies."""
    routes = [getattr(handler, "regex", None) or re.compile(handler[0]) for handler in handlers]
    return [re.sub(r"\(.*?\)", "x", route.pattern).rstrip("$?") for route in routes if route.pattern.strip("$") != ".*"]


@pytest.fixture
def client(committed_db: str, valkey: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of Flower, without an account, once Flower has looked into a worker."""
    # A user without a password is let in with any.
    address = valkey.replace("redis://", "redis://default:Canary-of-redis@")
    port = ports.free_port()
    with running_processes(tmp_path) as started:
        started.environment |= SECRETS | {"REDIS_URL": address, "CACHE_URL": address}
        started.start("flower", FLOWER_PORT=str(port))
        started.start_worker("telegram")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, **PLAIN) as client:
            wait_until(lambda: ports.answers(port), "Flower")
            wait_until(lambda: "conf" in str(looked_into(client)), "Flower to look into the worker")
            yield client


def looked_into(client: httpx.Client) -> object:
    """Return what Flower knows of the workers."""
    return client.get("/api/workers", params={"refresh": "1"}, auth=OPERATOR).raise_for_status().json()


def test_it_hides_secrets_keeps_accounts_apart_and_has_the_headers(client: httpx.Client) -> None:
    [worker] = looked_into(client)
    assert worker.startswith("telegram@")

    # No page holds a secret.
    for page in [*PAGES, f"/worker/{worker}"]:
        answer = client.get(page, auth=OPERATOR)
        assert answer.status_code == 200, page
        assert not LEAK.findall(answer.text), page

    # Every answer has the headers, and the policy allows the scripts within pages by their digests alone.
    for path in [*addresses(), *PAGES, "/static/js/flower.js", "/nothing", f"/worker/{worker}", f"/task/{worker}"]:
        for account in (None, OPERATOR):
            answer = client.get(path, auth=account)
            assert_protected(answer.headers, f"{path} {answer.status_code}")
            for script in re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", answer.text, re.DOTALL):
                digest = base64.b64encode(sha256(script.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in directives(answer.headers)["script-src"], path
    assert_protected(client.put("/api/tasks", auth=OPERATOR).headers, "405")
    told = client.get("/", headers={"X-Forwarded-Proto": "https"}).headers
    assert "Strict-Transport-Security" not in told  # outside production

    # Whoever looks on may read, and change nothing; a wrong password opens nothing.
    for path in [*addresses(), f"/api/worker/shutdown/{worker}", "/api/task/async-apply/bot.send_due_notices"]:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            refused = client.request(method, path, auth=VIEWER).status_code
            assert refused == 403 or (path in READS and method == "POST"), (method, path, refused)
            for account in (None, WRONG):
                assert client.request(method, path, auth=account).status_code == 401, (method, path)
    assert client.get("/workers", auth=WRONG).status_code == 401
    for page in [*PAGES, f"/worker/{worker}"]:
        assert client.get(page, auth=VIEWER).status_code == 200, page
    listed = {"draw": 1, "start": 0, "length": 5, "order[0][column]": 0, "columns[0][data]": "name"}
    assert client.post("/tasks/datatable", data=listed, auth=VIEWER).json()["draw"] == 1
    assert "Shut Down" not in client.get(f"/worker/{worker}", auth=VIEWER).text
    assert "Shut Down" in client.get(f"/worker/{worker}", auth=OPERATOR).text

    # Operators still change things.
    limit = {"workername": worker, "ratelimit": "100/s"}
    limited = client.post("/api/task/rate-limit/bot.send_due_notices", data=limit, auth=OPERATOR)
    assert limited.status_code == 200, limited.text
