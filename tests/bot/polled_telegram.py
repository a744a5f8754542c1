"""Telegram for pollers: getUpdates over bytes that a test chooses; every other call goes on to a sandbox."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from diana.sandbox.running import Sandbox
from tests.sandbox.conftest import PLAIN


class PolledTelegram:
    """What waits for the poller, as bytes by number, and what getUpdates was asked; `refusal` is answered instead."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.url = sandbox, ""
        self.refusal: tuple[int, str] | None = None
        self.asked: list[dict[str, Any]] = []
        self._waiting: dict[int, bytes] = {}
        self._news = threading.Condition()

    def add(self, *bodies: dict[str, Any]) -> None:
        """Let updates wait, under their own numbers."""
        self.add_raw({body["update_id"]: json.dumps(body).encode() for body in bodies})

    def add_raw(self, bodies: dict[int, bytes]) -> None:
        """Let bytes wait under these numbers, whatever they are."""
        with self._news:
            self._waiting |= bodies
            self._news.notify_all()

    def waiting(self) -> list[int]:
        """Return the numbers of what is not confirmed."""
        with self._news:
            return sorted(self._waiting)

    def get_updates(self, parameters: dict[str, Any]) -> tuple[int, bytes]:
        """Answer as Telegram does: an offset confirms what is below it, and what waits comes at once."""
        with self._news:
            self.asked.append(parameters)
            if self.refusal:
                status, description = self.refusal
                return status, json.dumps({"ok": False, "error_code": status, "description": description}).encode()
            offset = parameters.get("offset", 0)
            self._waiting = {number: body for number, body in self._waiting.items() if number >= offset}
            self._news.wait_for(lambda: self._waiting, timeout=parameters["timeout"])
            found = [self._waiting[number] for number in sorted(self._waiting)][: parameters["limit"]]
        return 200, b'{"ok":true,"result":[' + b",".join(found) + b"]}"


@contextmanager
def polled_telegram(sandbox: Sandbox) -> Iterator[PolledTelegram]:
    """Run one until the end of the `with`."""
    telegram = PolledTelegram(sandbox)
    onward = httpx.Client(base_url=sandbox.url, **PLAIN)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.endswith("/getUpdates") and f"/bot{sandbox.token}/" in self.path:
                status, content = telegram.get_updates(json.loads(body))
            else:
                kind = {"Content-Type": self.headers.get("Content-Type", "")}
                answer = onward.post(self.path, content=body, headers=kind)
                status, content = answer.status_code, answer.content
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            """Pollers are killed, and hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), name="polled-telegram", daemon=True).start()
    telegram.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield telegram
    finally:
        server.shutdown()
        server.server_close()
        onward.close()
