"""What stands between granian and a WSGI application: whole requests in threads, and nobody who keeps a thread waiting."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from diana.local import ports
from tests.processes import procfile, running_processes, wait_until

# More than there are threads.
SLOW = 40


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the application, served as the Procfile serves the door."""
    port = ports.free_port()
    command = procfile()["door"].replace("config.door:server", "tests.whole_requests_app:server")
    assert "tests." in command
    with running_processes(tmp_path_factory.mktemp("whole")) as started:
        started.start("door", command.replace("timeout 10000", "timeout 1000"), DOOR_PORT=str(port))
        wait_until(lambda: ports.answers(port), "the server")
        yield port


def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send these bytes and return the status, the headers and the body that come back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        return read(connection)


def read(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the body of what comes until the server hangs up."""
    received = b""
    while part := connection.recv(65536):
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


def post(path: str = "/", body: bytes = b"", length: int | None = None, *more: str) -> bytes:
    """Return the bytes of a request."""
    declared = len(body) if length is None else length
    lines = [f"POST {path} HTTP/1.1", "Host: h", "Connection: close", f"Content-Length: {declared}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def said(answer: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    """Return what the application was given."""
    assert answer[0] == 201
    found: dict[str, Any] = json.loads(answer[2])
    return found


def test_the_application_gets_the_whole_request(port: int) -> None:
    more = ("Cookie: a=1", "Cookie: b=2", "X-A: 1", "X-A: 2", "X_Forwarded_For: 6.6.6.6", "Content-Type: a/b")
    got = said(exchange(port, post("/a%20b%c3%a9?q=%ff", b"x" * 1000, None, *more)))
    assert got["body"] == "x" * 1000
    expected = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/a b\u00c3\u00a9",
        "QUERY_STRING": "q=%ff",
        "CONTENT_TYPE": "a/b",
        "CONTENT_LENGTH": "1000",
        "HTTP_COOKIE": "a=1;b=2",
        "HTTP_X_A": "1,2",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
    }
    assert {key: got.get(key) for key in expected} == expected
    assert "HTTP_X_FORWARDED_FOR" not in got


def test_it_closes_what_the_application_returned_and_names_no_server(port: int) -> None:
    before = said(exchange(port, post()))["closed"]
    status, headers, body = exchange(port, post())
    assert json.loads(body)["closed"] == before + 1
    assert (status, headers["server"]) == (201, "")


@pytest.mark.parametrize(
    ("request_", "status"),
    [(post("/error"), 500), (post("/", b"", 1001), 413), (post("/", b"x" * 1001), 413)],
    ids=["error", "announced", "sent"],
)
def test_its_own_answers_are_short_and_have_the_headers(port: int, request_: bytes, status: int) -> None:
    answered, headers, body = exchange(port, request_)
    assert (answered, body, headers["server"], headers["x-content-type-options"]) == (status, b"", "", "nosniff")


def test_a_body_that_is_not_wanted_is_not_waited_for(port: int) -> None:
    assert said(exchange(port, post("/unread", b"half", 10)))["body"] == ""


def test_chunks_are_not_read(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert said(exchange(port, head + b"3\r\nabc\r\n0\r\n\r\n"))["body"] == ""


PREFACE_OF_HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@pytest.mark.parametrize(
    "crooked",
    [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 600_000, PREFACE_OF_HTTP_2],
    ids=["no HTTP", "headers without end", "HTTP/2"],
)
def test_what_is_no_request_of_http_1_learns_nothing(port: int, crooked: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        with suppress(OSError):
            connection.sendall(crooked)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(OSError):
            while part := connection.recv(65536):
                received += part
    assert received == b"" or received.startswith(b"HTTP/1.1 4")
    assert b"server" not in received.lower()
    assert b"granian" not in received.lower()


def test_slow_senders_hold_up_nobody_and_are_hung_up_on(port: int) -> None:
    with ExitStack() as stack:

        def begin(request: bytes) -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            connection.sendall(request)
            return connection

        started = time.monotonic()
        bodies = [begin(post("/", b"half", 10)) for _ in range(SLOW)]
        headless = [begin(b"POST / HTTP/1.1\r\nHost: h\r\nX-Half") for _ in range(SLOW)]
        gone = begin(post("/", b"half", 10))
        gone.close()
        for _ in range(20):
            assert said(exchange(port, post("/", b"whole")))["body"] == "whole"
        assert time.monotonic() - started < 1
        answers = [read(connection) for connection in bodies]
        assert {(status, body, headers["connection"]) for status, headers, body in answers} == {(408, b"", "close")}
        assert {connection.recv(4096) for connection in headless} == {b""}
        assert 1 < time.monotonic() - started < 5


def test_as_many_are_at_work_at_once_as_there_are_threads(port: int) -> None:
    started = time.monotonic()
    connections = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(9)]
    for connection in connections:
        connection.sendall(post("/rest"))
    assert [read(connection)[0] for connection in connections] == [201] * 9
    for connection in connections:
        connection.close()
    assert 0.6 <= time.monotonic() - started < 2
