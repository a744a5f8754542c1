"""The links: what they do to data on its way."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from torture.proxy import PASS, Link, Mode, running_links


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(1000):
            self.request.sendall(data)


@pytest.fixture
def link() -> Iterator[Link]:
    """A link to a server that sends back what it gets."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with running_links({"echo": server.server_address[1]}) as links:
            yield links["echo"]
        server.shutdown()


@pytest.fixture
def client(link: Link) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", link.port), timeout=5) as connection:
        yield connection


def say(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    return client.recv(1000)


def test_it_passes_data_both_ways(client: socket.socket) -> None:
    assert say(client, b"hello") == b"hello"


def test_it_delays_each_way(link: Link, client: socket.socket) -> None:
    link.set_mode(Mode(delay_seconds=0.1))
    began = time.monotonic()
    assert say(client, b"hello") == b"hello"
    assert time.monotonic() - began >= 0.2


def test_it_holds_data_while_it_hangs_and_passes_it_on_afterwards(link: Link, client: socket.socket) -> None:
    link.set_mode(Mode(hangs=True))
    client.sendall(b"hello")
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.recv(1000)
    client.settimeout(5)
    link.set_mode(PASS)
    assert client.recv(1000) == b"hello"


def test_it_loses_replies_and_then_cuts_who_lost_some(link: Link, client: socket.socket) -> None:
    assert say(client, b"first") == b"first"
    link.set_mode(Mode(drops_replies=True))
    client.sendall(b"second")
    while not link.dropped_bytes:
        time.sleep(0.01)
    link.set_mode(PASS)
    with pytest.raises(ConnectionResetError):
        client.recv(1000)


def test_it_cuts_what_is_open_and_takes_new_connections(link: Link, client: socket.socket) -> None:
    assert say(client, b"hello") == b"hello"
    assert link.cut() == 1
    with pytest.raises(ConnectionResetError):
        client.recv(1000)
    with socket.create_connection(("127.0.0.1", link.port), timeout=5) as again:
        assert say(again, b"again") == b"again"
