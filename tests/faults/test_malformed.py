"""Whatever is sent to the webhook: no server error, nothing half stored, no memory gone, and nobody else waits.

The long form, with ten thousand bodies and workers that handle what was kept, is `python -m tests.faults.malformed`.
"""

import os
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.faults.bodies import SECRET_HEADER, cases
from tests.faults.conftest import Community, running_community
from tests.faults.malformed import GROWTH_LIMIT_MIB, SECRET, check_stored, resident_mib, send_all, send_until_answered
from tests.processes import wait_until
from tests.servers import Servers

BODIES = 1_500
UPDATE = b'{"update_id":%d,"message":{"from":{"id":7001},"chat":{"id":7001,"type":"private"}}}'


@pytest.fixture
def community(committed_db: str, servers: Servers, tmp_path: Path) -> Iterator[Community]:
    """A door and PostgreSQL; not even a broker."""
    with running_community(servers, committed_db, tmp_path) as community:
        yield community


def test_f51_f53_f54_f55_bodies_of_every_kind(community: Community) -> None:
    seed = int(os.environ.get("MALFORMED_SEED", "51"))
    door = community.started["door"].pid
    warm = send_all(community.port, cases(seed + 1, 300, first_id=10_000_000))
    before = resident_mib(door)
    sent = send_all(community.port, cases(seed, BODIES))
    assert warm.describe_wrong() + sent.describe_wrong() == []
    assert set(sent.by_status) == {200, 400, 403, 405, 413, 415}
    sent.kept |= warm.kept
    stored = check_stored(sent, community.sql)
    assert stored["well_formed"] == stored["stored"] > 300
    assert stored["wrongly_stored"] == stored["half_stored"] == 0
    assert resident_mib(door) - before < GROWTH_LIMIT_MIB
    [(set_aside,)] = community.sql("SELECT count(*) FROM bot_unreadable")
    expected = {
        "size": sent.by_status[413] + warm.by_status[413],
        "body": sent.by_status[400] + warm.by_status[400] + set_aside,
        "secret": sent.by_status[403] + warm.by_status[403],
    }
    # They are written once a second.
    counted = "SELECT reason, count FROM bot_refusal WHERE reason IN ('size', 'body', 'secret')"
    wait_until(lambda: dict(community.sql(counted)) == expected, "the count of refusals", seconds=5)  # type: ignore[arg-type]
    assert set_aside > 20
    refused_strangers_cost_a_few_writes(community)


def refused_strangers_cost_a_few_writes(community: Community) -> None:
    """Send what has a wrong secret, and fail if PostgreSQL has more to write than now and then a count."""
    transactions = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    strangers = "SELECT count FROM bot_refusal WHERE reason = 'secret'"
    [(before,)], [(counted,)] = community.sql(transactions), community.sql(strangers)
    started = time.monotonic()
    for _ in range(150):
        headers = {SECRET_HEADER: "wrong"}
        assert community._http.post("/telegram/webhook", json={}, headers=headers).status_code == 403
    wait_until(lambda: community.sql(strangers) == [(int(str(counted)) + 150,)], "the count of strangers", seconds=5)
    [(after,)] = community.sql(transactions)
    assert int(str(after)) - int(str(before)) <= 2 * (time.monotonic() - started) + 4


def exchange(community: Community, headers: bytes, body: bytes) -> bytes:
    """Send a request as these bytes, hang up on our side, and return all that comes back until the server hangs up."""
    head = b"POST /telegram/webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", community.port), timeout=10) as connection:
        connection.sendall(head + f"{SECRET_HEADER}: {SECRET}\r\n".encode() + headers + b"\r\n\r\n")
        send_until_answered(connection, body)
        with suppress(OSError):  # the server may have hung up before us
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
    return answer


def test_f52_lengths_that_are_wrong_and_bodies_that_are_too_large(community: Community) -> None:
    body = UPDATE % 1
    length = b"Content-Length: %d"
    expected = {
        "declared too short": (400, length % (len(body) - 10), body),
        "declared too long": (400, length % (len(body) + 10), body),
        "none declared": (400, b"X: y", body),
        "negative": (400, b"Content-Length: -5", body),
        "a word": (400, b"Content-Length: many", body),
        "beyond any number": (400, b"Content-Length: " + b"9" * 30, body),
        "two of them": (400, b"Content-Length: 5\r\nContent-Length: 6", body),
        "a length and chunks": (400, length % 5 + b"\r\nTransfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
        "broken chunks": (400, b"Transfer-Encoding: chunked", b"zz\r\nabc"),
        # Telegram declares lengths; what has none is not read.
        "chunks": (400, b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)),
        "a megabyte in chunks": (400, b"Transfer-Encoding: chunked", b"100000\r\n" + b"x" * 2**20 + b"\r\n0\r\n\r\n"),
        "a byte more than a mebibyte": (413, length % (2**20 + 1), b"x" * (2**20 + 1)),
        "ten megabytes": (413, length % (10 * 2**20), b"x" * (10 * 2**20)),
        "ten megabytes announced": (413, length % (10 * 2**20), b""),
        "two thousand headers": (431, length % len(body) + b"".join(b"\r\nX-%d: a" % n for n in range(2000)), body),
    }
    statuses = {}
    for name, (_, headers, content) in expected.items():
        started = time.monotonic()
        answer = exchange(community, headers, content)
        statuses[name] = int(answer.split(b" ", 2)[1]) if answer else 0
        assert time.monotonic() - started < 5, name
    # Chunks are not read, and a server that hangs up on bytes it has not read may take its answer with it.
    assert all(statuses[name] in (0, 400) for name in statuses if "chunks" in name)
    assert {name: status for name, status in statuses.items() if "chunks" not in name} == {
        name: status for name, (status, _, _) in expected.items() if "chunks" not in name
    }
    assert community.sql("SELECT * FROM bot_update") == []


def test_f52_slow_senders_hold_up_nobody_else(community: Community) -> None:
    """Sixty strangers, many more than the process has threads, send half a request and wait; so do forty who know the secret.

    A body is waited for only when everything before it is in order, and outside of the threads.
    """
    body = UPDATE % 1
    length = f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n"
    start = f"POST /telegram/webhook HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}{SECRET_HEADER}: "
    with ExitStack() as stack:

        def begin(text: str, part: bytes = b"") -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", community.port), timeout=10)
            connection.sendall(text.encode() + part)
            return stack.enter_context(connection)

        strangers = [begin(f"{start}wrong\r\n\r\n", body[:40]) for _ in range(30)]
        headless = [begin(start) for _ in range(30)]
        knowing = [begin(f"{start}{SECRET}\r\n\r\n", body[:40]) for _ in range(40)]
        time.sleep(0.5)
        for _ in range(100):
            community.say(1, "hello")
        waited = sorted(community.post_seconds)
        assert set(community.statuses) == {200}
        assert waited[98] < 0.5, f"p99 {waited[98]:.3f} s, median {statistics.median(waited):.3f} s"
        assert {connection.recv(4096).split(b" ", 2)[1] for connection in strangers} == {b"403"}
        for connection in knowing:
            connection.sendall(body[40:])
        assert {connection.recv(4096).split(b" ", 2)[1] for connection in knowing} == {b"200"}
        assert len(headless) == 30
