"""Where a run of tests keeps its files. One that is killed: its servers end by themselves, and the next run removes its files."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from diana.local import processes
from tests import servers
from tests.processes import ROOT, wait_until
from tests.servers import remove_leftovers

# A test that has both servers, and a process of its own, and lasts.
LASTING = """
import json, os, time
from pathlib import Path
import pytest
from tests.processes import Process
from tests.servers import servers

@pytest.mark.parametrize("number", [1, 2])
def test_lasting(number):
    servers.postgres, servers.valkey
    other = Process("other", "sleep 600", servers.directory / "other.log", os.environ)
    pids = [servers.postgres._postmaster().pid, servers.valkey._process().pid, other.pid]
    told = Path(__file__).with_name("new")
    told.write_text(json.dumps([str(servers.directory), os.getpid(), *pids]))
    told.rename(told.with_name(f"run-{number}.json"))
    time.sleep(600)
"""


class Lasting(NamedTuple):
    """A test that lasts: the directory of its servers, its process, and the processes that it started."""

    directory: Path
    process: psutil.Process
    started: list[psutil.Process]


class Run:
    """A small run of pytest in a directory of its own."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self._directory, self.log = directory, directory / "run.log"
        self.lasting: list[Lasting] = []
        (directory / "test_lasting.py").write_text(LASTING)
        (directory / "pytest.ini").write_text("[pytest]\naddopts = -p tests.servers -p no:django -p no:cacheprovider\n")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments, "test_lasting.py"],
                cwd=directory,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    def wait(self, tests: int) -> list[Lasting]:
        """Wait until so many tests last, and return them."""
        wait_until(lambda: len(list(self._directory.glob("run-*.json"))) == tests, f"{tests} lasting tests")
        rows = [json.loads(path.read_text()) for path in sorted(self._directory.glob("run-*.json"))]
        self.lasting = [
            Lasting(Path(row[0]), psutil.Process(row[1]), list(map(psutil.Process, row[2:]))) for row in rows
        ]
        return self.lasting

    def end(self) -> None:
        """Kill whatever still runs."""
        left = [process for lasting in self.lasting for process in (lasting.process, *lasting.started)]
        self.popen.kill()
        self.popen.wait()
        processes.end(left, first=signal.SIGKILL, seconds=5)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    started: list[Run] = []

    def start(*arguments: str) -> Run:
        started.append(Run(tmp_path, *arguments))
        return started[-1]

    yield start
    for run in started:
        print(run.log.read_text())  # noqa: T201  # pytest shows it with a failure
        run.end()


def test_a_killed_run_and_a_killed_worker_leave_no_process(start: Callable[..., Run]) -> None:
    run = start("-n", "2", "--max-worker-restart", "0")
    first, second = run.wait(2)

    first.process.kill()
    assert processes.wait_gone(first.started, seconds=5) == []
    assert processes.wait_gone(second.started, seconds=0) == second.started

    run.popen.kill()
    assert processes.wait_gone([second.process, *second.started], seconds=5) == []
    remove_leftovers()
    assert not first.directory.exists()
    assert not second.directory.exists()


def test_a_run_that_is_told_to_end_leaves_no_process(start: Callable[..., Run]) -> None:
    run = start("-k", "1")
    (lasting,) = run.wait(1)
    remove_leftovers()
    assert processes.wait_gone(lasting.started, seconds=0) == lasting.started

    run.popen.terminate()

    assert processes.wait_gone([lasting.process, *lasting.started], seconds=5) == []


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /dev/shm."""
    monkeypatch.setattr(servers, "MEMORY", tmp_path)
    monkeypatch.setattr(servers, "MEMORY_BYTES", 1)
    monkeypatch.setattr(servers, "LINK", tmp_path / "link")
    return tmp_path


def test_files_are_in_memory_and_private(memory: Path) -> None:
    directory = servers.runs_directory()
    assert directory.parent == memory
    assert directory.stat().st_mode & 0o777 == 0o700
    assert servers.runs_directory() == directory


@pytest.mark.parametrize("place", ["full", "missing", "somebody else's", "a link"])
def test_otherwise_they_are_on_the_disk(place: str, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    match place:
        case "full":
            monkeypatch.setattr(servers, "MEMORY_BYTES", 1 << 60)
        case "missing":
            monkeypatch.setattr(servers, "MEMORY", memory / "nowhere")
        case "a link":
            directory = servers.runs_directory()
            directory.rmdir()
            directory.symlink_to(memory)
        case _:
            monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert servers.runs_directory() == servers.ON_DISK
