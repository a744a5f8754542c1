"""Several lanes in one transaction: together as long as nothing fails, apart as soon as something does."""

import threading

import pytest
from django.db import OperationalError
from django.db.models.functions import Now  # noqa: TID251  # leases, pauses and retries are work

from diana.events import Envelope, drain, subscriptions, together
from diana.events.cursors import pause
from diana.events.lanes import LANES, lane_of
from diana.events.locks import lane_locks
from diana.events.models import Cursor, Failure
from diana.events.subscriptions import Subscriber
from diana.events.work import work
from tests.events.conftest import Numbers, Register
from tests.events.people import publish_pairs
from tests.events.racing import alongside

PEOPLE = range(1, 61)
ALL = range(LANES)


def publish_rounds(rounds: int) -> None:
    """Let everybody have as many events, in turn; the number says whose and which."""
    publish_pairs([(person, person * 100 + n) for n in range(rounds) for person in PEOPLE])


def drain_all(subscriber: Subscriber) -> together.Drained:
    with lane_locks(subscriber.name, ALL) as held:
        assert held == list(ALL)
        return together.drain_lanes(subscriber, held, seconds=10)


@pytest.fixture
def batches(committed_db: str, register: Register) -> list[list[int]]:
    """What a batch handler was given, a list each time."""
    seen: list[list[int]] = []

    def collect(envelopes: list[Envelope]) -> None:
        seen.append([envelope.fields["number"] for envelope in envelopes])

    register(collect, batch=True)
    return seen


def test_it_handles_many_lanes_in_one_batch_in_the_order_of_the_log(batches: list[list[int]]):

    publish_rounds(1)
    assert drain_all(subscriptions.subscriber("test.collect")) == (60, set(), {}, [])
    assert batches == [[person * 100 for person in PEOPLE]]


def test_it_cuts_all_lanes_at_the_last_event_that_fits(batches: list[list[int]], monkeypatch: pytest.MonkeyPatch):

    monkeypatch.setattr(drain, "batch_size", lambda subscriber: 7)
    monkeypatch.setattr(drain, "learn", lambda *_: None)
    publish_rounds(2)
    drain_all(subscriptions.subscriber("test.collect"))
    assert {len(batch) for batch in batches} == {7, 1}
    handled = [number for batch in batches for number in batch]
    assert handled == [person * 100 + n for n in range(2) for person in PEOPLE]


def test_one_failing_event_keeps_no_lane_from_its_work(committed_db: str, register: Register, numbers: Numbers):
    def fragile(envelope: Envelope) -> None:
        if envelope.fields["number"] == 700:
            raise ValueError("the seventh person's first")
        handled.append(envelope.fields["number"])

    handled: list[int] = []
    subscriber = register(fragile)
    publish_rounds(2)
    drained = drain_all(subscriber)
    assert (drained.handled, drained.more) == (119, set())
    assert Failure.objects.get().key == "7"
    # Handlers that only remember see the first try too; what counts is committed once.
    assert sum(Cursor.objects.filter(subscriber=subscriber.name).values_list("handled", flat=True)) == 119
    assert set(handled) == {person * 100 + n for n in range(2) for person in PEOPLE} - {700}


def test_trouble_in_one_lane_is_raised_only_if_nothing_was_done(committed_db: str, register: Register):
    def stuck(envelope: Envelope) -> None:
        if everywhere or envelope.key == "7":
            raise OperationalError("canceling statement due to lock timeout")

    everywhere = False
    subscriber = register(stuck)
    publish_rounds(1)
    of_seven = sum(1 for person in PEOPLE if lane_of(str(person)) == lane_of("7"))
    assert drain_all(subscriber).handled == 60 - of_seven
    everywhere = True
    with pytest.raises(OperationalError):
        drain_all(subscriber)
    assert not Failure.objects.exists()


def test_paused_lanes_are_left_out(subscriber: Subscriber, numbers: Numbers):
    publish_rounds(1)
    pause(subscriber, lane_of("7"), 60)
    drain_all(subscriber)
    assert not any(lane_of(str(number // 100)) == lane_of("7") for number in numbers)
    Cursor.objects.update(paused_until=Now())
    drain_all(subscriber)
    assert len(numbers) == 60


def test_lanes_that_somebody_else_works_on_are_left_to_them(subscriber: Subscriber, numbers: Numbers):
    held, may_end = threading.Event(), threading.Event()

    def holder() -> None:
        with lane_locks(subscriber.name, range(8)):
            held.set()
            assert may_end.wait(10)

    publish_rounds(1)
    with alongside(holder):
        assert held.wait(10)
        assert work(subscriber, ALL, {}) == "idle"
        may_end.set()
    assert {lane_of(str(number // 100)) for number in numbers} == set(range(8, LANES))
    assert work(subscriber, range(8), {}) == "idle"
    assert len(numbers) == 60


# The time of a slice, and what a process learns from it


def test_a_slice_ends_at_its_deadline(batches: list[list[int]], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drain, "batch_size", lambda subscriber: 7)
    monkeypatch.setattr(drain, "learn", lambda *_: None)
    subscriber = subscriptions.subscriber("test.collect")
    publish_rounds(2)
    with lane_locks(subscriber.name, ALL) as held:
        drained = together.drain_lanes(subscriber, held, seconds=0)
    assert [len(batch) for batch in batches] == [7]
    assert (drained.handled, bool(drained.more)) == (7, True)


def sizes_of_batches(register: Register, monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[int]:
    """Drain 1,000 events by a handler that takes so long for each call; return how many it was given at each."""
    now, given = [0.0], list[int]()

    def work_slowly(envelopes: list[Envelope]) -> None:
        given.append(len(envelopes))
        now[0] += seconds

    monkeypatch.setattr(drain, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now[0])}))
    subscriber = register(work_slowly, batch=True)
    publish_pairs([(person, n) for n in range(20) for person in range(1, 51)])
    drain_all(subscriber)
    return given


@pytest.mark.usefixtures("committed_db")
def test_batches_grow_while_they_take_little_time(register: Register, monkeypatch: pytest.MonkeyPatch):
    assert sizes_of_batches(register, monkeypatch, 0.001)[:3] == [100, 200, 400]


@pytest.mark.usefixtures("committed_db")
def test_batches_shrink_while_they_take_too_long(register: Register, monkeypatch: pytest.MonkeyPatch):
    assert sizes_of_batches(register, monkeypatch, 0.5)[:3] == [100, 50, drain.MIN_BATCH]


def test_a_subscriber_whose_events_are_many_again_looks_no_further_than_others(
    subscriber: Subscriber, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    windows: list[int] = []
    scan_lanes = drain.log.scan_lanes

    def look(*given: object, window: int, **named: object) -> object:
        windows.append(window)
        return scan_lanes(*given, window=window, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(drain.log, "scan_lanes", look)
    monkeypatch.setattr(drain, "_rare", {subscriber.name})
    for _ in range(2):
        publish_rounds(1)
        drain_all(subscriber)
    assert windows[0] == drain.WIDE_WINDOW
    assert windows[-1] < drain.WIDE_WINDOW
    assert len(numbers) == 120
