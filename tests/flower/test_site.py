"""A real Flower that looks into a real worker: accounts, headers, and nothing secret in any page."""

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from flower.urls import handlers

from diana.flower.tries import FREE_TRIES, PAUSE_SECONDS
from diana.local import ports
from tests.processes import running_processes, wait_until
from tests.sandbox.conftest import PLAIN
from tests.security_headers.expected import assert_protected, directives
from tests.servers import Servers

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
    port = ports.free_port()
    with running_processes(tmp_path) as started:
        started.environment |= SECRETS
        started.start("flower", FLOWER_PORT=str(port))
        started.start_worker("telegram")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, **PLAIN) as client:
            wait_until(lambda: ports.answers(port), "Flower")
            wait_until(lambda: "conf" in str(looked_into(client)), "Flower to look into the worker")
            yield client


def looked_into(client: httpx.Client) -> object:
    """Return what Flower knows of the workers."""
    return client.get("/api/workers", params={"refresh": "1"}, auth=OPERATOR).raise_for_status().json()


def test_it_hides_secrets_keeps_accounts_apart_and_has_the_headers(client: httpx.Client, servers: Servers) -> None:
    [worker] = looked_into(client)
    assert worker.startswith("telegram@")
    passwords = [urlsplit(url).password or "" for url in servers.redis_variables().values()]

    # No page holds a secret.
    for page in [*PAGES, f"/worker/{worker}"]:
        answer = client.get(page, auth=OPERATOR)
        assert answer.status_code == 200, page
        assert not LEAK.findall(answer.text), page
        assert not [word for word in passwords if word in answer.text], page

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
        # Wrong passwords in a row would be slowed down.
        assert client.get("/healthcheck", auth=OPERATOR).status_code == 200
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

    # Numbers need an account, or the token that opens them in `web`.
    for account, headers, status in (
        (None, {}, 401),
        (WRONG, {}, 401),
        (None, {"Authorization": "Bearer Canary-of-nothing"}, 401),
        (None, {"Authorization": f"Bearer {SECRETS['METRICS_TOKEN']}"}, 200),
        (VIEWER, {}, 200),
    ):
        assert client.get("/metrics", auth=account, headers=headers).status_code == status, (account, headers)
    token = {"Authorization": f"Bearer {SECRETS['METRICS_TOKEN']}"}
    assert client.get("/workers", headers=token).status_code == 401
    assert client.get("/healthcheck").text == "OK"

    # Thirty wrong passwords in a row: soon they are not looked at, nor is the right one, whatever the sender tells of itself.
    client.get("/healthcheck", auth=OPERATOR)
    answers = [client.get("/workers", auth=WRONG, headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(30)]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [401] * FREE_TRIES + [429] * (30 - FREE_TRIES)
    assert 0 < int(answers[-1].headers["Retry-After"]) <= PAUSE_SECONDS
    assert_protected(answers[-1].headers, "429")
    assert client.get("/workers", auth=OPERATOR).status_code == 429
    assert client.get("/healthcheck").status_code == 200
