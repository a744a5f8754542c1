"""Runs plain Celery under faults and counts what became of the tasks."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import redis

from diana.local.roles import OWNER
from torture.proxy import PASS, Link, Mode, running_links
from torture.servers import ROOT, Servers
from torture.supervising import Crew, Supervised

SECONDS, RATE, WARM_SECONDS = 20.0, 40.0, 12.0
# So long at most, and so long after the last task was done with nothing left in the queue.
REST_SECONDS, QUIET_SECONDS = 25.0, 5.0
COMMAND = (
    "celery -A torture.plain_celery.app worker --queues plain --concurrency 2 --hostname plain@%h --loglevel WARNING"
)
TABLES = """
CREATE TABLE plain_event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person int);
CREATE TABLE plain_entry (event bigint, person int, amount int);
CREATE TABLE plain_account (person int PRIMARY KEY, balance bigint);
INSERT INTO plain_account SELECT n, 0 FROM generate_series(0, 19) n;
"""


def run(servers: Servers, say: Callable[[str], None]) -> dict[str, Any]:
    """Return how many of the tasks that were sent were never done, and how many were done more than once."""
    database = servers.clone("plain")
    url = servers.url(OWNER, database)
    with psycopg.connect(url) as connection:
        connection.execute(TABLES)
    crew = Crew()
    try:
        with running_links({"valkey": servers.valkey.port}) as links:
            redis_url = servers.redis_url(links["valkey"].port)
            environment = servers.environment(database, REDIS_URL=redis_url)
            crew.add(Supervised("plain", COMMAND, environment, servers.directory / "plain.log"))
            crew.watch()
            _wait_for_children(crew["plain"])
            produced = _produce_under_faults(servers, crew["plain"], links["valkey"], environment)
            done = _rest(url, servers.redis_url())
    finally:
        crew.stop()
        servers.drop(database)
    lost = sum(event not in done for event in produced["sent"])
    doubled = sum(done.get(event, 0) > 1 for event in produced["sent"])
    found = {"sent": len(produced["sent"]), "refused": produced["refused"], "lost": lost, "doubled": doubled}
    say(
        "plain Celery under the same kinds of faults: "
        + ", ".join(f"{name} {number}" for name, number in found.items())
    )
    return found


def _wait_for_children(member: Supervised) -> None:
    deadline = time.monotonic() + WARM_SECONDS
    while len(member.children()) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)


def _produce_under_faults(
    servers: Servers, member: Supervised, link: Link, environment: dict[str, str]
) -> dict[str, Any]:
    """Have tasks sent for SECONDS while faults fall upon worker and broker; return what was sent."""
    producer = subprocess.Popen(
        [sys.executable, "-m", "torture.plain_celery.producing", str(SECONDS), str(RATE)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    began = time.monotonic()
    for moment, act in _faults(servers, member, link):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        act()
    out, _ = producer.communicate(timeout=SECONDS * 3)
    produced: dict[str, Any] = json.loads(out)
    return produced


def _faults(servers: Servers, member: Supervised, link: Link) -> list[tuple[float, Callable[[], object]]]:
    def lose_replies() -> None:
        link.set_mode(Mode(drops_replies=True))
        time.sleep(0.4)
        link.set_mode(PASS)

    def kill_child() -> None:
        with suppress(IndexError, ProcessLookupError):
            os.kill(member.children()[-1], signal.SIGKILL)

    def restart_empty() -> None:
        servers.valkey.kill()
        shutil.rmtree(servers.valkey.directory / "appendonlydir", ignore_errors=True)
        servers.valkey.start()

    return [
        (4, kill_child),
        (6, lambda: member.send_group(signal.SIGKILL)),
        (9, lose_replies),
        (12, restart_empty),
        (15, lambda: member.send_group(signal.SIGKILL)),
        (17, lose_replies),
    ]


def _rest(url: str, redis_url: str) -> dict[int, int]:
    """Wait until nothing more will be done; return how often each event was."""
    deadline, done, moved = time.monotonic() + REST_SECONDS, dict[int, int](), time.monotonic()
    with redis.Redis.from_url(redis_url) as client:
        while time.monotonic() < deadline and time.monotonic() - moved < QUIET_SECONDS:
            with psycopg.connect(url) as connection:
                found: dict[int, int] = dict(
                    connection.execute("SELECT event, count(*) FROM plain_entry GROUP BY 1").fetchall()
                )
            if found != done or client.llen("plain") or client.hlen("unacked"):
                done, moved = found, time.monotonic()
            time.sleep(0.5)
    return done
