"""The relay: whatever was lost on the way is found in the cursor table."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis
from django.db import transaction
from django.db.models.functions import Now  # noqa: TID251  # leases, pauses and retries are work

from diana.events import Envelope, Publication, Retry, cursors, publish_many, wakeups
from diana.events import drain as drain_module
from diana.events import relay as relay_module
from diana.events.drain import drain_lane
from diana.events.lanes import lane_of
from diana.events.locks import lane_lock
from diana.events.models import Cursor, Delivery, Failure
from diana.events.relay import IDLE_EVENTS, LATE_PASSES, SUSPECT_PASSES, Relay
from diana.events.subscriptions import Subscriber
from diana.events.work import BY_RELAY, work
from tests.events.conftest import Numbers, Register
from tests.events.declared import Followed
from tests.events.messages import run_next, sent, waiting
from tests.events.people import ANNA, LANE, publish_numbers, publish_pairs
from tests.events.racing import alongside, closing, until
from tests.servers import Servers


@pytest.fixture
def watching(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """A relay whose threads and connections end with the test."""
    started = Relay()
    # Of wake-ups alone, unless the test says otherwise.
    monkeypatch.setattr(relay_module, "LATE_PASSES", 1000)
    monkeypatch.setattr(relay_module, "ALONE_SECONDS", 1000.0)
    monkeypatch.setattr(started, "_drain", lambda key: closing(lambda: Relay._drain(started, key)))
    yield started
    started.stop()
    started._pool.shutdown(wait=True)


def passes(watching: Relay, times: int) -> None:
    """Let the relay make so many passes, and the waker send what follows."""
    for _ in range(times):
        watching.pass_once()
        sent()


def cursor_of(subscriber: Subscriber) -> Cursor:
    return Cursor.objects.get(subscriber=subscriber.name, lane=LANE)


# Lost wake-ups

LOSSES: dict[str, Callable[[redis.Redis], object]] = {
    "the task is lost and the flag stays up": lambda broker: broker.delete("domain"),
    "everything is lost": lambda broker: broker.flushall(),
    "the flag is lost": lambda broker: broker.delete(
        "domain", *broker.keys("diana:wake:*"), *broker.keys("diana:sent:*")
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_it_finds_a_wake_up_that_was_lost(
    subscriber: Subscriber, broker: redis.Redis, numbers: Numbers, watching: Relay, loss: str
):
    publish_numbers([1])
    sent()
    LOSSES[loss](broker)
    passes(watching, 2)
    assert [(m.task, m.lanes, m.hint) for m in waiting(broker)] == [(subscriber.name, [LANE], BY_RELAY)]
    run_next(broker)
    assert numbers == [1]


def test_it_leaves_a_lane_alone_that_has_just_got_work(subscriber: Subscriber, broker: redis.Redis, watching: Relay):
    passes(watching, 3)
    publish_numbers([1])
    sent()
    broker.flushall()
    passes(watching, 1)
    assert waiting(broker) == []


def lose_one(broker: redis.Redis) -> None:
    publish_numbers([1])
    sent()
    broker.flushall()


def test_it_sends_one_wake_up_until_that_has_arrived(subscriber: Subscriber, broker: redis.Redis, watching: Relay):
    lose_one(broker)
    passes(watching, 5)
    assert len(waiting(broker)) == 1
    run_next(broker)
    lose_one_more(broker)
    passes(watching, 5)
    assert len(waiting(broker)) == 1


def lose_one_more(broker: redis.Redis) -> None:
    """Lose a wake-up but not the traces of the relay."""
    publish_numbers([2])
    sent()
    LOSSES["the flag is lost"](broker)


def test_it_would_flood_a_slow_worker_if_it_did_not_wait(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wakeups, "claim_relay", lambda *_: True)
    lose_one(broker)
    passes(watching, 5)
    assert len(waiting(broker)) == 4


def test_a_wake_up_by_the_relay_that_is_lost_with_its_worker_is_sent_again_soon(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay
):
    lose_one(broker)
    passes(watching, 2)
    broker.delete("domain")
    passes(watching, 1)
    assert waiting(broker) == []
    until(lambda: not broker.keys("diana:relay:*"), seconds=3)
    passes(watching, 1)
    assert [m.lanes for m in waiting(broker)] == [[LANE]]


def test_a_wake_up_by_the_relay_that_could_not_be_sent_is_sent_again_soon(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay
):
    lose_one(broker)
    broker.set("domain", "no list")
    passes(watching, 2)
    broker.delete("domain")
    until(lambda: not broker.keys("diana:relay:*"), seconds=3)
    passes(watching, 1)
    assert [m.lanes for m in waiting(broker)] == [[LANE]]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, watching: Relay) -> Relay:
    """A relay that drains itself what stands for as long as it does in operation."""
    monkeypatch.setattr(relay_module, "LATE_PASSES", LATE_PASSES)
    return watching


def test_it_drains_a_lane_to_which_no_worker_comes(
    subscriber: Subscriber, broker: redis.Redis, impatient: Relay, numbers: Numbers
):
    lose_one(broker)
    passes(impatient, LATE_PASSES)
    assert numbers == []
    passes(impatient, 1)
    until(lambda: numbers == [1])


def test_it_leaves_to_the_workers_what_may_be_deadly(
    subscriber: Subscriber, broker: redis.Redis, impatient: Relay, numbers: Numbers
):
    lose_one(broker)
    cursors.begin_trials(subscriber, [LANE])
    passes(impatient, LATE_PASSES + 3)
    assert cursor_of(subscriber).suspect_until is not None
    impatient._pool.shutdown(wait=True)
    assert numbers == []


def test_one_wake_up_by_the_relay_names_all_lanes_of_a_subscriber(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay
):
    publish_pairs([(person, 1) for person in range(1, 9)])
    sent()
    broker.flushall()
    passes(watching, 2)
    assert [m.lanes for m in waiting(broker)] == [sorted({lane_of(str(person)) for person in range(1, 9)})]


def test_it_sends_one_wake_up_even_if_two_relays_run(subscriber: Subscriber, broker: redis.Redis, watching: Relay):
    lose_one(broker)
    other = Relay()
    for _ in range(3):
        passes(watching, 1)
        passes(other, 1)
    assert len(waiting(broker)) == 1


def test_it_counts_what_nobody_else_would_have_woken(subscriber: Subscriber, broker: redis.Redis, watching: Relay):
    lose_one(broker)
    passes(watching, 2)
    assert cursor_of(subscriber).rescued == 1


def test_it_leaves_a_paused_lane_alone(subscriber: Subscriber, broker: redis.Redis, watching: Relay):
    lose_one(broker)
    Cursor.objects.update(paused_until=Now() + timedelta(hours=1))
    passes(watching, 3)
    assert waiting(broker) == []


# Idle cursors


def publish_others(count: int) -> None:
    with transaction.atomic():
        publish_many([Publication(event=Followed(user_id=ANNA)) for _ in range(count)])


def test_it_moves_a_cursor_past_events_that_are_not_its_own(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay
):
    before = cursor_of(subscriber).position
    publish_others(IDLE_EVENTS - 1)
    passes(watching, 1)
    assert cursor_of(subscriber).position == before
    publish_others(1)
    passes(watching, 1)
    assert cursor_of(subscriber).position == before + IDLE_EVENTS
    assert waiting(broker) == []


def test_it_moves_no_cursor_past_an_event_that_is_wanted(subscriber: Subscriber, broker: redis.Redis, watching: Relay):
    before = cursor_of(subscriber).position
    publish_others(IDLE_EVENTS)
    publish_numbers([1])
    passes(watching, 3)
    assert cursor_of(subscriber).position == before


# Without Redis


def test_it_drains_by_itself_while_redis_is_away(
    subscriber: Subscriber, broker: redis.Redis, servers: Servers, numbers: Numbers, watching: Relay
):
    servers.valkey.stop()
    publish_numbers(range(5))
    watching.pass_once()
    until(lambda: numbers == list(range(5)))
    until(lambda: cursor_of(subscriber).handled == 5)


def test_it_delivers_by_itself_while_redis_is_away(
    committed_db: str, register: Register, broker: redis.Redis, servers: Servers, numbers: Numbers, watching: Relay
):
    register(numbers, external=True)
    servers.valkey.stop()
    publish_numbers(range(3))
    watching.pass_once()
    until(lambda: numbers == list(range(3)))


# What is due


def test_it_wakes_the_lane_of_a_retry_that_is_due(
    committed_db: str, register: Register, broker: redis.Redis, watching: Relay
):
    calls: list[int] = []

    def later(envelope: Envelope) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise Retry(after=3600)

    subscriber = register(later)
    publish_numbers([1])
    drain_lane(subscriber, LANE)
    sent()
    broker.flushall()
    passes(watching, 2)
    assert waiting(broker) == []
    Failure.objects.update(next_attempt_at=Now() - timedelta(seconds=1))
    passes(watching, 1)
    run_next(broker)
    assert Failure.objects.get().status == "done"


def test_it_wakes_the_lane_of_a_delivery_that_nobody_makes(
    committed_db: str, register: Register, broker: redis.Redis, numbers: Numbers, watching: Relay
):
    subscriber = register(numbers, external=True)
    publish_numbers([1])
    drain_lane(subscriber, LANE)
    sent()
    broker.flushall()
    Delivery.objects.update(owner=None, next_attempt_at=Now() - timedelta(seconds=5))
    passes(watching, 1)
    run_next(broker, "telegram")
    assert numbers == [1]


# Suspects


class Killed(BaseException):
    """Stands for the end of a worker's process."""


def test_it_gets_past_an_event_that_ends_every_worker(
    committed_db: str, register: Register, broker: redis.Redis, watching: Relay
):
    handled: list[int] = []

    def killer(envelope: Envelope) -> None:
        if envelope.event.number == 1:
            raise Killed
        handled.append(envelope.event.number)

    subscriber = register(killer)
    publish_numbers(range(3))
    for _ in range(20):
        passes(watching, 1)
        while waiting(broker):
            try:
                run_next(broker)
            except Killed:
                continue
    assert Failure.objects.get().status == "dead"
    assert cursor_of(subscriber).handled == 2
    assert handled[-1] == 2


def test_it_suspects_a_lane_only_after_a_trial_that_did_not_end(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay
):
    last = publish_numbers(range(3))
    passes(watching, SUSPECT_PASSES + 1)
    assert cursor_of(subscriber).suspect_until is None
    cursors.begin_trials(subscriber, [LANE])
    passes(watching, 1)
    assert cursor_of(subscriber).suspect_until == cursor_of(subscriber).position + len(last)


# The process


def test_it_passes_until_it_is_stopped(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay, monkeypatch: pytest.MonkeyPatch, settings
):
    settings.EVENTS_RELAY_INTERVAL_SECONDS = 0
    passed, enough = [], threading.Event()

    def pass_once() -> None:
        passed.append(1)
        if len(passed) == 3:
            enough.set()
        raise RuntimeError("a pass that fails")

    monkeypatch.setattr(watching, "pass_once", pass_once)
    with alongside(watching.run):
        assert enough.wait(10)
        watching.stop()


# Several relays


class Slow:
    """A waker that has not come to sending yet."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def send_next(self, subscriber: str, lane: int, hint: object) -> None:
        """Remember what it was asked for."""
        self.asked.append((subscriber, lane))


def test_of_several_relays_one_wakes_and_counts(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay, monkeypatch: pytest.MonkeyPatch
):
    slow, others = Slow(), [Relay(), Relay()]
    monkeypatch.setattr("diana.events.relay.waker", lambda: slow)
    lose_one(broker)
    for _ in range(4):
        for relay in (watching, *others):
            relay.pass_once()
    assert slow.asked == [(subscriber.name, [LANE])]
    assert cursor_of(subscriber).rescued == 1


# When nobody works


@pytest.fixture
def old(watching: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event is old enough for the relay at once."""
    monkeypatch.setattr(relay_module, "ALONE_SECONDS", 0.0)


@pytest.mark.usefixtures("old")
def test_it_works_alone_where_nobody_holds_a_lane_whatever_redis_says(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay, numbers: Numbers
):
    """The flags are up and a task is on its way: who was to take it is dead."""
    publish_numbers([1])
    sent()
    assert waiting(broker)
    passes(watching, 1)
    until(lambda: numbers == [1])


def test_it_leaves_an_event_that_is_not_yet_old_to_the_workers(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay, numbers: Numbers
):
    publish_numbers([1])
    sent()
    passes(watching, 1)
    watching._pool.shutdown(wait=True)
    assert numbers == []


@pytest.mark.usefixtures("old")
def test_it_leaves_the_lanes_to_workers_that_are_at_work(
    subscriber: Subscriber, register: Register, broker: redis.Redis, watching: Relay, numbers: Numbers
):
    held, may_end = threading.Event(), threading.Event()

    def idle(envelope: Envelope) -> None:
        """Take what nobody publishes here."""

    other = register(idle, "test.followed")

    def worker() -> None:
        with lane_lock(other.name, LANE + 1):
            held.set()
            assert may_end.wait(10)

    publish_numbers([1])
    with alongside(worker):
        assert held.wait(10)
        passes(watching, 1)
        time.sleep(0.2)
        assert numbers == []
        may_end.set()
    passes(watching, 1)
    until(lambda: numbers == [1])


@pytest.mark.usefixtures("old")
def test_it_leaves_what_ended_a_process_and_calls_to_the_outside_to_workers(
    committed_db: str, register: Register, broker: redis.Redis, watching: Relay, numbers: Numbers
):
    subscriber, calls = register(numbers), Numbers()
    calls.__name__ = calls.__qualname__ = "calls"
    register(calls, external=True)
    cursors.begin_trials(subscriber, [LANE])
    publish_numbers([1])
    passes(watching, 2)
    watching._pool.shutdown(wait=True)
    assert (numbers, calls) == ([], [])


def test_what_its_own_work_sets_off_is_done_without_another_wait(
    committed_db: str, register: Register, broker: redis.Redis, watching: Relay, monkeypatch: pytest.MonkeyPatch
):
    seen: list[str] = []

    def first(envelope: Envelope) -> None:
        publish_many([Publication(event=Followed(user_id=ANNA))])
        seen.append("first")

    def second(envelope: Envelope) -> None:
        seen.append("second")

    monkeypatch.setattr(relay_module, "ALONE_SECONDS", 1.0)
    register(first)
    register(second, "test.followed")
    publish_numbers([1])
    time.sleep(relay_module.ALONE_SECONDS + 0.05)
    started = time.monotonic()
    with alongside(watching.run):
        until(lambda: seen == ["first", "second"], seconds=5)
        took = time.monotonic() - started
        watching.stop()
    assert took < relay_module.ALONE_SECONDS


# Cursors rest before events that are not their own


def test_a_lane_that_rested_before_other_events_has_not_stood_still(
    subscriber: Subscriber, broker: redis.Redis, watching: Relay
):
    publish_others(3)
    passes(watching, 5)
    publish_numbers([1])
    sent()
    broker.flushall()
    passes(watching, 1)
    assert waiting(broker) == []
    passes(watching, 1)
    assert len(waiting(broker)) == 1


def test_what_a_visit_of_the_relay_wakes_is_an_ordinary_visit(
    committed_db: str, register: Register, broker: redis.Redis, settings
):
    """A trial is for what stood still; what comes next is not named by the relay, and is no trial."""
    settings.EVENTS_SLICE_SECONDS = 0.0
    subscriber = register(Numbers())
    drain_module._batch_sizes[subscriber.name] = 1
    publish_numbers(range(3))
    sent()
    broker.flushall()
    assert work(subscriber, [LANE], BY_RELAY) == "more"
    sent()
    assert [m.hint for m in waiting(broker)] == [{}]
