"""The files of the processes: added up while they live and after, and never more than needed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from diana import metrics
from diana.metrics import meters, store


@pytest.fixture(autouse=True)
def _begun() -> None:
    meters.own_meters()


class Child:
    """A forked process that does something and then waits for its end."""

    def __init__(self, act: Callable[[], object], *, waits: bool) -> None:
        done, told = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            act()
            os.write(told, b".")
            if waits:
                time.sleep(60)
            os._exit(0)
        os.close(told)
        assert os.read(done, 1) == b"."
        os.close(done)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture
def child() -> Iterator[Callable[[Callable[[], object]], Child]]:
    """Start children that wait; what the test leaves alive is ended."""
    started: list[Child] = []

    def start(act: Callable[[], object]) -> Child:
        started.append(Child(act, waits=True))
        return started[-1]

    yield start
    for one in started:
        try:
            one.kill()
        except (ProcessLookupError, ChildProcessError):
            continue


def published() -> float:
    return store.totals().get("diana_events_published", 0)


def files_of(pid: int) -> list[Path]:
    return list(store._directory().glob(f"*{pid}-*"))


def test_it_adds_up_what_the_living_and_the_dead_have_counted(child: Any):
    before = published()
    living = child(lambda: metrics.published(5, 0.001))
    dead = child(lambda: metrics.published(7, 0.001))
    dead.kill()
    metrics.published(1, 0.001)
    assert [published() - before for _ in range(3)] == [13, 13, 13]
    assert (bool(files_of(living.pid)), files_of(dead.pid)) == (True, [])
    living.kill()
    assert (published() - before, files_of(living.pid)) == (13, [])


def open_breakers() -> float:
    gauges = [m for m in store.collect() if m.name == "diana_breaker_open"]
    return sum(sample.value for gauge in gauges for sample in gauge.samples)


def test_a_gauge_of_a_dead_process_is_not_read_again(child: Any, monkeypatch: pytest.MonkeyPatch):
    before = open_breakers()
    one = child(lambda: metrics.breaker_changed("redis", "open"))
    assert open_breakers() == before + 1
    one.kill()
    with monkeypatch.context() as planted:
        planted.setattr(store, "_lives", lambda name: True)
        assert open_breakers() == before + 1, "the planted bug is the reason why locks tell who lives"
    assert open_breakers() == before


def test_the_files_do_not_grow_with_the_processes_that_come_and_go():
    store.collect()
    before = len(list(store._directory().iterdir()))
    for _ in range(10):
        os.waitpid(Child(lambda: metrics.published(1, 0.001), waits=False).pid, 0)
    # Nobody has looked: each that begins clears up after the one before. At most one process's files more.
    assert len(list(store._directory().iterdir())) <= before + len(store.ROOM_BYTES) + len(store.SUMMED) + 1


def test_the_room_of_its_files_is_taken_at_once():
    for kind, size in store.ROOM_BYTES.items():
        path = store._directory() / f"{kind}_{store.identity()}.db"
        assert path.stat().st_blocks * 512 >= size, "a full disk would end the process at its next write"


def test_a_file_that_cannot_be_read_loses_itself_only(child: Any):
    before = published()
    one = child(lambda: metrics.published(2, 0.001))
    one.kill()
    (store._directory() / "counter_1-feedbeef.db").write_bytes(b"\x01")
    assert published() - before == 2
    assert not (store._directory() / "counter_1-feedbeef.db").exists()


def test_a_process_without_a_place_for_its_numbers_works_on(settings: Any, tmp_path: Path):
    (tmp_path / "file").write_text("no directory")

    def count_in_memory() -> None:
        settings.METRICS_DIR = tmp_path / "file"
        meters._meters.cache_clear()
        meters.registry = meters.CollectorRegistry()
        store.values.ValueClass = store.values.MutexValue
        metrics.published(3, 0.001)
        assert meters.registry.get_sample_value("diana_events_published_total") == 3

    child = Child(count_in_memory, waits=False)
    assert os.waitpid(child.pid, 0)[1] == 0


def test_counting_costs_a_publisher_next_to_nothing():
    rounds = 2000
    started = time.perf_counter()
    for _ in range(rounds):
        metrics.published(1, 0.001)
    each = (time.perf_counter() - started) / rounds
    assert each < 0.000_1, f"{each * 1e6:.0f} us"


def test_what_cannot_be_counted_fails_nobody(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(metrics, "own_meters", lambda: 1 / 0)
    metrics.published(1, 0.001)
    with metrics.handling("test", 1):
        pass
    assert "published could not be counted" in caplog.text
