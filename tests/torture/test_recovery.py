"""The recovery: from a fault's end, or that of others which last longer, to the first effect of something done after it."""

import random

from tests.torture.made import did, entry
from torture.faults.registry import Fault
from torture.model import Kind
from torture.observing import SeenEntry
from torture.records import Done
from torture.recovery import recoveries
from torture.schedule import Fired


def _act(world: object, chance: random.Random) -> None:
    return None


def fired(began: float, ended: float, over: float | None = None) -> Fired:
    return Fired(Fault("F00", _act), began, ended, ended if over is None else over)


def recorded(origin: str, at: float) -> SeenEntry:
    fields = entry(1, "message_sent", 5, 5, origin)
    return SeenEntry(*(getattr(fields, name) for name in SeenEntry.__slots__[:-1]), recorded_at=at)


DONE = [Done(did(Kind.MESSAGE, "1"), 9.0), Done(did(Kind.MESSAGE, "2"), 12.0), Done(did(Kind.MESSAGE, "3"), 16.0)]
ENTRIES = [recorded("1", 20.0), recorded("2", 13.0), recorded("3", 16.5)]


def test_it_counts_from_the_end_of_the_fault() -> None:
    assert [seconds for _, seconds in recoveries([fired(8, 10)], DONE, ENTRIES)] == [3.0]


def test_it_counts_from_the_end_of_a_fault_that_lasts_longer() -> None:
    short, long = fired(8, 10), fired(9, 15)
    assert dict(recoveries([short, long], DONE, ENTRIES)) == {short: 1.5, long: 1.5}


def test_it_waits_for_what_another_fault_took_away() -> None:
    killed, other = fired(9, 9, over=15), fired(8, 10)
    assert dict(recoveries([killed, other], DONE, ENTRIES)) == {killed: 3.0, other: 1.5}


def test_it_measures_nothing_where_nothing_was_done_afterwards() -> None:
    assert recoveries([fired(17, 18)], DONE, ENTRIES) == []
