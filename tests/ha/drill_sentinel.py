"""F29: the broker's master dies while its replica lags; Sentinels promote it; nobody is restarted, nothing is lost."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Community
from tests.ha.servers import Watched, watched_master
from tests.processes import Process, wait_until

PEOPLE = range(1, 7)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """The broker of every process that starts after it."""
    with watched_master(tmp_path / "broker") as found:
        for name, url in found.variables().items():
            monkeypatch.setenv(name, url)
        yield found
        assert found.master().refusals() == []


@pytest.fixture
def crowd(watched: Watched, request: pytest.FixtureRequest) -> Community:
    """A community whose broker is watched."""
    community: Community = request.getfixturevalue("community")
    return community


def connections_made(process: Process) -> int:
    """Return how often a worker has connected to its broker."""
    return len(re.findall(r"Connected to sentinel://", process.text()))


def test_a_master_dies_in_mid_run(watched: Watched, crowd: Community, capsys: pytest.CaptureFixture[str]):
    workers = [crowd.processes.start_worker(name) for name in ("worker", "telegram")]
    relay = crowd.processes.start("relay")
    crowd.say_all(PEOPLE, ["before", "/daily"])
    crowd.settle()
    before = [connections_made(worker) for worker in workers]

    replica = next(member for member in watched.members if member is not watched.master())
    replica.pause()
    crowd.say_all(PEOPLE, ["while the replica lags", "/help"])
    watched.master().kill()
    killed = time.monotonic()
    replica.resume()
    crowd.say_all(PEOPLE, ["while nobody is master"])
    wait_until(crowd.effects_are_there, "effects without a master")
    fresh = time.monotonic() - killed
    wait_until(lambda: watched.master() is replica, "the replica to be promoted")
    promoted = time.monotonic() - killed
    while [connections_made(worker) for worker in workers] == before:
        crowd.say_all(PEOPLE, ["and on"])
        time.sleep(0.2)
    crowd.say_all(PEOPLE, ["after", "/help"])
    wait_until(lambda: all(connections_made(w) > n for w, n in zip(workers, before, strict=True)), "the workers")
    back = time.monotonic() - killed
    crowd.settle()
    assert all(process.alive() for process in [*workers, relay])
    with capsys.disabled():
        print(f"\nfirst effects {fresh:.1f} s after the kill, promoted {promoted:.1f} s, workers back {back:.1f} s")  # noqa: T201
