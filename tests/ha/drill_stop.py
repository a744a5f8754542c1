"""F7: SIGTERM ends every process within ten seconds, whatever hangs; what was under way is finished or comes again."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.faults.conftest import Community
from tests.processes import Process, wait_until

PEOPLE = range(1, 7)
LIMIT_SECONDS = 10


@contextmanager
def busy(community: Community) -> Iterator[None]:
    """Every batch waits for a lock that is held for two seconds after the signal."""
    with _locked(community) as connection:
        yield
        time.sleep(2)
        connection.rollback()


@contextmanager
def stuck(community: Community) -> Iterator[None]:
    """Every batch waits for a lock that is held for longer than anybody waits."""
    with _locked(community):
        yield
        time.sleep(LIMIT_SECONDS)


@contextmanager
def _locked(community: Community) -> Iterator[psycopg.Connection]:
    with psycopg.connect(community.servers.postgres.admin_url(community.database)) as connection:
        connection.execute("LOCK TABLE gamification_account IN EXCLUSIVE MODE")
        community.say_all(PEOPLE, ["under way", "/daily"])
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: community.sql(waiting), "a batch to wait")
        yield connection


@contextmanager
def without_redis(community: Community) -> Iterator[None]:
    """The broker hangs."""
    community.servers.valkey.pause()
    try:
        community.say_all(PEOPLE, ["under way", "/help"])
        yield
        time.sleep(LIMIT_SECONDS)
    finally:
        community.servers.valkey.resume()


@contextmanager
def without_postgres(community: Community) -> Iterator[None]:
    """The database hangs, in the middle of things."""
    community.say_all(PEOPLE, ["under way", "/help"])
    postmaster = community.servers.postgres._postmaster()
    assert postmaster is not None
    family = [postmaster, *postmaster.children(recursive=True)]
    _send(family, signal.SIGSTOP)
    waiting = threading.Thread(target=_say_in_vain, args=[community])
    waiting.start()
    time.sleep(0.5)
    try:
        yield
        time.sleep(LIMIT_SECONDS)
    finally:
        _send(family, signal.SIGCONT)
        waiting.join()


def _say_in_vain(community: Community) -> None:
    """Be a request under way, which Telegram would send again."""
    with suppress(httpx.HTTPError):
        community.say(1, "/help")
        community.sent[1, "/help"] -= community.statuses[-1] != 200


def _send(family: list[psutil.Process], number: signal.Signals) -> None:
    for process in family:
        process.send_signal(number)


@pytest.mark.parametrize("situation", [busy, stuck, without_redis, without_postgres])
def test_sigterm_ends_everything(
    community: Community, situation: Callable[[Community], object], capsys: pytest.CaptureFixture[str]
):
    running = [community.processes.start_worker(name) for name in ("worker", "telegram")]
    running += [community.processes.start("relay"), community.processes._started[0]]
    wait_until(lambda: handles_sigterm(running[2]), "the relay to be up")
    community.say_all(PEOPLE, ["before", "/daily"])
    community.settle()
    ended: dict[str, float] = {}
    with situation(community):
        started = time.monotonic()
        for process in running:
            process._popen.send_signal(signal.SIGTERM)
        watching = threading.Thread(target=watch, args=(running, ended, started))
        watching.start()
    watching.join()
    with capsys.disabled():
        print(f"\n{situation.__name__}: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in ended.items()))  # noqa: T201
    for process in running:
        process.kill()
    for name in ("worker", "telegram", "relay"):
        community.processes.start(name)
    wait_until(community.effects_are_there, "all effects")
    wait_until(community.answers_are_there, "all answers")
    assert community.entries() == community.expected_entries()
    assert max(ended.values()) <= LIMIT_SECONDS, ended


@pytest.mark.parametrize("situation", [stuck, without_redis])
def test_sigquit_ends_a_worker_whatever_hangs(community: Community, situation: Callable[[Community], object]):
    """Celery itself may wait for ever in a cold stop."""
    worker = community.processes.start_worker("worker")
    ended: dict[str, float] = {}
    with situation(community):
        started = time.monotonic()
        worker._popen.send_signal(signal.SIGQUIT)
        watch([worker], ended, started)
    assert max(ended.values()) <= LIMIT_SECONDS, ended


def handles_sigterm(process: Process) -> bool:
    """Say whether the process has a handler for it already."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    [mask] = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
    return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)


def watch(running: list[Process], ended: dict[str, float], started: float) -> None:
    """Note when each has ended; after thirty seconds it is taken to be stuck."""
    while len(ended) < len(running):
        for process in running:
            if process.name not in ended and not process.alive():
                ended[process.name] = time.monotonic() - started
            elif process.name not in ended and time.monotonic() - started > 30:
                ended[process.name] = float("inf")
        time.sleep(0.05)
