"""Telegram's part of the demo: whom the answers of the bot are for, and what becomes of a webhook that answers wrongly."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest

from demo.conversation import Line
from demo.errors import DemoError
from demo.playing import SECRET_HEADER, Answer, deliver, read_answers
from diana.sandbox.running import Sandbox, running_sandbox

GROUP = -1001
NAMES = {7: "kim"}
IN_GROUP = {"message_id": 31, "from": {"id": 7}, "chat": {"id": GROUP}, "date": 5}


class Door(BaseHTTPRequestHandler):
    """Writes down what comes and lets in who knows the word."""

    received: list[dict[str, object]] = []

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200 if self.headers[SECRET_HEADER] == "sesame" else 403)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[str]:
    """The address of a webhook."""
    Door.received = []
    with HTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


def send(sandbox: Sandbox, **parameters: object) -> None:
    with httpx.Client(trust_env=False) as client:
        client.post(f"{sandbox.base_url}{sandbox.token}/sendMessage", json=parameters)


def test_updates_are_posted_in_order_with_dates_and_secret(door: str) -> None:
    lines = [Line(200, {"update_id": 1, "message": IN_GROUP}), Line(403, {"update_id": 2}, secret="wrong")]
    assert deliver(lines, url=door, secret="sesame", start=1000) == {200: 1, 403: 1}
    assert Door.received == [{"update_id": 1, "message": IN_GROUP | {"date": 1005}}, {"update_id": 2}]


def test_a_wrong_status_ends_the_demo_with_the_number_of_the_line(door: str) -> None:
    with pytest.raises(DemoError, match="line 1 with 403 instead of 200"):
        deliver([Line(200, {"update_id": 1})], url=door, secret="another", start=0)


def test_a_webhook_that_is_not_there_is_named() -> None:
    with pytest.raises(DemoError, match=r"127\.0\.0\.1:1/ does not answer"):
        deliver([Line(200, {"update_id": 1})], url="http://127.0.0.1:1/", secret="sesame", start=0)


def test_answers_belong_to_the_person_of_the_chat_or_of_the_message_replied_to(sandbox: Sandbox) -> None:
    send(sandbox, chat_id=7, text="Hello")
    send(sandbox, chat_id=GROUP, text="Here is the top list", reply_parameters={"message_id": 31})
    send(sandbox, chat_id=8, text="Who are you?")
    send(sandbox, chat_id=7, text="")
    assert read_answers(sandbox, [Line(200, {"update_id": 1, "message": IN_GROUP})], NAMES) == [
        Answer("kim", "Hello"),
        Answer("kim", "Here is the top list"),
        Answer("chat 8", "Who are you?"),
    ]
