"""Slow and rude clients, of the admin or of the door, hold up neither updates nor staff.

The long form, a minute of each with the limits that are promised, is `SLOW_CLIENTS_SECONDS=60`; ten seconds are enough for
clients to be hung up on.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from django.test import Client

from apps.users.models import Staff
from diana.local import ports
from tests.faults.bodies import SECRET_HEADER
from tests.faults.conftest import SECRET, Community, running_community
from tests.faults.slow_clients import beginnings, slow_clients
from tests.processes import wait_until
from tests.servers import Servers

SECONDS = float(os.environ.get("SLOW_CLIENTS_SECONDS", "2"))
PROMISED = SECONDS >= 60
RATE = 50
P99_SECONDS, PAGE_SECONDS = (0.2, 1.0) if PROMISED else (0.5, 2.0)


@pytest.fixture
def community(committed_db: str, servers: Servers, tmp_path: Path) -> Iterator[Community]:
    """A door and PostgreSQL."""
    with running_community(servers, committed_db, tmp_path) as community:
        yield community


@pytest.fixture
def staff(community: Community) -> Iterator[httpx.Client]:
    """The browser of a member of staff, at a web process that has shown its first page."""
    browser = Client()
    browser.force_login(Staff.objects.create_superuser("root"))
    port = ports.free_port()
    community.processes.start("web", PORT=str(port))
    wait_until(lambda: ports.answers(port), "the web process")
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies=cookies, timeout=10, trust_env=False) as client:
        assert client.get("/admin/").status_code == 200
        yield client


def post_steadily(community: Community, pool: ThreadPoolExecutor) -> list[Future[float]]:
    """Deliver RATE updates a second, each at its moment; the seconds are counted from that moment on."""

    def deliver(moment: float) -> float:
        assert community.deliver(community.update(1 + int(moment * RATE) % 9, "hello")) == 200
        return time.monotonic() - moment

    began, posted = time.monotonic() + 0.1, []
    for number in range(int(RATE * SECONDS)):
        moment = began + number / RATE
        time.sleep(max(0.0, moment - time.monotonic()))
        posted.append(pool.submit(deliver, moment))
    return posted


def page_seconds(staff: httpx.Client, path: str = "/admin/users/person/") -> float:
    """Return how long a page took."""
    started = time.monotonic()
    assert staff.get(path).status_code == 200
    return time.monotonic() - started


@pytest.mark.timeout(120 + 3 * SECONDS)
def test_a_hundred_hold_up_nobody(community: Community, staff: httpx.Client) -> None:
    secret = (f"{SECRET_HEADER}: {SECRET}", "Content-Type: application/json")
    page_seconds(staff)
    for where, port, begin in (
        ("admin", staff.base_url.port, beginnings("/admin/login/", "Content-Type: application/x-www-form-urlencoded")),
        ("door", community.port, beginnings("/telegram/webhook", *secret)),
    ):
        assert port is not None
        with slow_clients(port, begin) as slow, ThreadPoolExecutor(10) as pool:
            posting = pool.submit(post_steadily, community, pool)
            pages = []
            while not posting.done():
                pages.append(page_seconds(staff))
                time.sleep(0.5)
            took = sorted(posted.result() for posted in posting.result())
            assert slow.connected > 90, where
        p99 = took[int(len(took) * 0.99)]
        print(f"slow clients of the {where}: p99 {p99 * 1000:.0f} ms, slowest page {max(pages) * 1000:.0f} ms")  # noqa: T201
        assert p99 < P99_SECONDS, f"{where}: p99 {p99:.3f} s"
        assert max(pages) < PAGE_SECONDS, f"{where}: a page took {max(pages):.3f} s"
        if SECONDS > 11:
            assert set(slow.answers) == {b"HTTP/1.1 408", b""}
