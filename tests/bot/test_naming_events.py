"""A call to the Bot API names the event that it is made for, where visits are kept and nowhere else."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import pytest

from apps.bot.connections import EVENT_HEADER, Connections
from diana.events.causes import caused_by
from diana.events.envelope import Envelope

EVENT = UUID("019a0000-0000-7000-8000-000000000001")
CAUSE = Envelope(1, EVENT, "bot.update_received", 1, "7", 7, 0, 0, EVENT, None, "{}")


@pytest.fixture
def heard() -> Iterator[tuple[str, list[str | None]]]:
    """A server that notes the header of each call; its address and what it has noted."""
    noted: list[str | None] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            noted.append(self.headers[EVENT_HEADER])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", noted
        server.shutdown()
        thread.join()


async def call(url: str) -> None:
    connections = Connections(5.0)
    await connections.initialize()
    await connections.do_request(url, "POST")
    with caused_by(CAUSE):
        await asyncio.create_task(connections.do_request(url, "POST"))
    await connections.shutdown()


@pytest.mark.parametrize("kept", [True, False])
def test_it_names_the_event_being_handled(heard: tuple[str, list[str | None]], settings: Any, kept: bool) -> None:
    settings.EVENTS_KEEP_VISITS = kept
    url, noted = heard
    asyncio.run(call(url))
    assert noted == [None, str(EVENT) if kept else None]
