"""When faults begin: several at a time, but nothing for a while after a worker was killed and is back."""

import random
import threading
import time
from typing import Any

import pytest

from tests.torture.made import did
from torture import schedule
from torture.faults.registry import Fault
from torture.model import Kind
from torture.records import Records
from torture.schedule import Faults, Step


class World:
    """A world in which a killed worker needs a moment to be back."""

    def __init__(self) -> None:
        self.busy: dict[str, threading.Lock] = {}
        self.back_at = 0.0

    def is_back(self, name: str) -> bool:
        return time.time() >= self.back_at

    def kill(self, world: Any, chance: random.Random) -> None:
        self.back_at = time.time() + 0.5


def test_nothing_begins_until_a_killed_worker_is_back_and_had_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "CALM_SECONDS", 0.6)
    world, records = World(), Records()
    kill = Fault("kill", world.kill, kills_worker=True, takes_away=("worker",))
    other = Fault("other", lambda world, chance: None)
    faults = Faults(world, records, [Step(1, kill), Step(2, other), Step(2, other)], seed=1)  # type: ignore[arg-type]
    faults.start()
    records.add(did(Kind.MESSAGE, "1"))
    time.sleep(0.2)
    assert faults.is_calm()
    records.add(did(Kind.MESSAGE, "2"))
    faults._thread.join(5)
    while len(faults.fired) < 3:
        time.sleep(0.02)
    faults.stop()
    killed, *others = sorted(faults.fired, key=lambda fired: fired.started_at)
    assert killed.fault is kill
    assert killed.over_at >= world.back_at
    assert all(fired.started_at >= killed.over_at + 0.6 - 0.05 for fired in others)
    assert not faults.is_calm()


def test_what_others_do_counts_as_a_fault_that_lasts() -> None:
    faults = Faults(World(), Records(), [], seed=1)  # type: ignore[arg-type]
    faults.note("F44 by staff", 5.0, 8.0)
    assert [(f.fault.name, f.started_at, f.over_at) for f in faults.fired] == [("F44 by staff", 5.0, 8.0)]
