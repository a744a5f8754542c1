"""Headers of the sandbox: its page, the page's parts and requests, the Bot API, errors."""

import re
from collections.abc import Iterator

import httpx
import pytest

from diana.sandbox.running import running_sandbox
from diana.sandbox.server import application
from tests.sandbox.conftest import PLAIN
from tests.security_headers.expected import assert_protected, directives


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a sandbox, which may do what the page does."""
    with (
        running_sandbox("42:sandbox-abc") as sandbox,
        httpx.Client(
            base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.page_token}"}, **PLAIN
        ) as client,
    ):
        yield client


def addresses() -> list[str]:
    """Return an address for each route, with something in place of what varies."""
    hosts = application(None, None).default_router.rules[0]  # type: ignore[arg-type]  # routes only
    return [re.sub(r"\(.*?\)", "1", rule.matcher.regex.pattern).rstrip("$") for rule in hosts.target.rules]


def test_every_address_has_the_headers(client: httpx.Client) -> None:
    found = addresses()
    assert {"/", "/bot1/1", "/sandbox/health", "/chat/state", "/chat/news", "/static/1"} <= set(found)
    for path in [*found, "/static/main.js", "/nothing", "/%ff"]:
        for method in ("GET", "POST", "PUT"):
            with client.stream(method, path) as answer:
                assert_protected(answer.headers, f"{method} {path} {answer.status_code}")


def test_errors_have_them(client: httpx.Client) -> None:
    answers = {
        client.get("/", headers={"Host": "elsewhere.example"}): 404,
        client.get("/chat/state", headers={"Authorization": ""}): 401,
        client.post("/chat/say", content=b"{", headers={"Content-Type": "application/json"}): 400,
        client.post("/chat/say", json={}, headers={"Origin": "http://elsewhere.example"}): 403,
        client.delete("/chat/state"): 405,
        client.post("/chat/say", data={"a": "b"}): 415,
    }
    for answer, status in answers.items():
        assert answer.status_code == status
        assert_protected(answer.headers, str(status))


def test_only_the_page_may_load_anything(client: httpx.Client) -> None:
    assert directives(client.get("/").headers)["script-src"] == ["'self'"]
    for path in ("/sandbox/health", "/chat/state", "/nothing"):
        policy = directives(client.get(path).headers)
        assert set().union(*policy.values()) == {"'none'"}, path
