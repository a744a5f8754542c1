"""Processes that end with the one that started them, however that one ended."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from diana.local import ports, processes
from tests.processes import Process, running_processes, wait_until


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Process]:
    """The web process, which has started its worker; the door is started in the same way."""
    port = ports.free_port()
    with running_processes(tmp_path) as started:
        web = started.start("web", PORT=str(port))
        wait_until(lambda: ports.answers(port), "the web process")
        yield web


def test_the_web_worker_ends_with_its_master_and_frees_the_port(web: Process) -> None:
    (worker,) = psutil.Process(web.pid).children()
    (port,) = {c.laddr.port for c in worker.net_connections() if c.status == psutil.CONN_LISTEN}

    os.kill(web.pid, signal.SIGKILL)

    assert processes.wait_gone([worker], seconds=2) == []
    assert ports.is_free(port)


@pytest.fixture
def worker(committed_db: str, valkey: str, tmp_path: Path) -> Iterator[Process]:
    """The worker of the Procfile, which has forked its pool."""
    with running_processes(tmp_path) as started:
        yield started.start_worker("worker")


def test_the_children_of_a_worker_end_with_it(worker: Process) -> None:
    children = psutil.Process(worker.pid).children(recursive=True)
    assert len(children) >= 2

    os.kill(worker.pid, signal.SIGKILL)

    assert processes.wait_gone(children, seconds=5) == []


@pytest.mark.parametrize("name", ["relay", "beat", "telegram", "flower"])
def test_no_other_process_has_children_that_could_outlive_it(
    name: str, committed_db: str, valkey: str, tmp_path: Path
) -> None:
    with running_processes(tmp_path) as started:
        process = started.start(name, FLOWER_PORT=str(ports.free_port()), FLOWER_BASIC_AUTH="a:b")
        said = {"relay": "relay ready.", "beat": "beat: Starting", "telegram": " ready.", "flower": "Broker:"}
        wait_until(lambda: said[name] in process.text(), name)
        assert psutil.Process(process.pid).children(recursive=True) == []
