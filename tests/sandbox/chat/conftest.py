"""The page's side of a sandbox: requests with the run's token, its news, and a webhook that keeps what it is posted."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from diana.sandbox.running import Sandbox, running_sandbox
from diana.sandbox.webhook import Preset
from tests.sandbox.conftest import PLAIN

ADA, LUCIA, BORIS = 9_000_000_001, 9_000_000_002, 9_000_000_003
GROUP = -1_009_000_000_001
SECRET = "webhook-secret"


class Page:
    """A page that is open: acts for the people, and keeps the news that came."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.http = httpx.Client(
            base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.page_token}"}, timeout=10, **PLAIN
        )

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/chat/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"/chat/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, path: str, **body: Any) -> tuple[int, str]:
        answer = self.http.post(f"/chat/{path}", json=body)
        assert answer.is_client_error, answer.text
        return answer.status_code, answer.json()["error"]

    def say(self, text: str, person: int = ADA, chat: int | None = None, **more: Any) -> Any:
        return self.post("say", person=person, chat=chat or person, text=text, **more)

    def messages(self, chat: int = ADA) -> list[dict[str, Any]]:
        return self.get("messages", chat=chat)["messages"]

    def news(self, *, after: int = 0, until: str, times: int = 1, seconds: float = 5) -> list[tuple[str, Any]]:
        """Return the news after a number up to and with the last of so many of that kind."""
        found: list[tuple[str, Any]] = []
        with self.http.stream("GET", "/chat/news", params={"after": after}, timeout=seconds) as answer:
            assert answer.status_code == 200
            kind = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    found.append((kind, json.loads(value)))
                    if [one for one, _ in found].count(until) == times:
                        return found
        raise AssertionError(f"no {until} came, only {found}")


class Hook:
    """A webhook: `answers` are (status, headers, body) for the deliveries to come; without one it takes all."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.at: list[float] = []
        self.answers: deque[tuple[int, dict[str, str], bytes]] = deque()
        self.arrived = threading.Condition()
        self.url = ""

    def updates(self, count: int, seconds: float = 5) -> list[dict[str, Any]]:
        """Return what was posted, once there are that many."""
        with self.arrived:
            enough = self.arrived.wait_for(lambda: len(self.deliveries) >= count, seconds)
            assert enough, self.deliveries
            return [body for body, _ in self.deliveries]


@contextmanager
def running_hook(address: str = "127.0.0.1") -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with hook.arrived:
                hook.deliveries.append((body, dict(self.headers)))
                hook.at.append(time.monotonic())
                status, headers, answer = hook.answers.popleft() if hook.answers else (200, {}, b"")
                hook.arrived.notify_all()
            if callable(answer):
                answer = answer(body)
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(answer))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    hook.url = f"http://{address}:{server.server_port}/telegram/webhook"
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    yield hook
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(sandbox: Sandbox) -> Iterator[Page]:
    """A page of a sandbox without a webhook: updates wait for getUpdates."""
    page = Page(sandbox)
    yield page
    page.http.close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with running_hook() as hook:
        yield hook


@pytest.fixture
def hooked(hook: Hook) -> Iterator[tuple[Page, Sandbox]]:
    """A page and its sandbox, which delivers to `hook`."""
    with running_sandbox("42:sandbox-abc", preset=Preset(hook.url, SECRET)) as sandbox:
        page = Page(sandbox)
        yield page, sandbox
        page.http.close()
