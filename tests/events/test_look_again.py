"""Looking again: an event above the bound is waited for by the waker, ever more rarely, and not for ever."""

import threading
import time
from collections.abc import Callable

import pytest
import redis
from django.db import transaction

from diana.events import Envelope, log, publish, waker
from diana.events.subscriptions import Subscriber
from diana.events.waker import Waker
from diana.events.work import work
from tests.events.conftest import Numbers, Register
from tests.events.declared import Happened
from tests.events.messages import publish_one_by_one, run_next, waiting
from tests.events.people import ANNA, LANE
from tests.events.racing import alongside, holds_within, until

# Looking again


def work_beside_an_open_publisher(subscriber: Subscriber, broker: redis.Redis) -> bool:
    """Let a publisher with a lower id roll back after the task was at work; say whether the lane is woken then."""
    published, may_end = threading.Event(), threading.Event()

    def open_publisher() -> None:
        with transaction.atomic():
            publish(Happened(user_id=ANNA, number=1))
            published.set()
            assert may_end.wait(10)
            transaction.set_rollback(True)

    with alongside(open_publisher):
        assert published.wait(10)
        publish_one_by_one(1)
        assert run_next(broker) == "idle"
        assert not holds_within(0.1, lambda: waiting(broker))
        may_end.set()
        return holds_within(1, lambda: waiting(broker))


def test_it_wakes_the_lane_when_the_fence_is_lifted(subscriber: Subscriber, broker: redis.Redis, numbers: Numbers):
    assert work_beside_an_open_publisher(subscriber, broker)
    run_next(broker)
    assert numbers == [0]


def test_it_would_leave_the_event_to_the_relay_if_nobody_looked_again(
    subscriber: Subscriber, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Waker, "look_again", lambda *_: None)
    assert not work_beside_an_open_publisher(subscriber, broker)


def looks_during(seconds: float, monkeypatch: pytest.MonkeyPatch, bound: Callable[[], int]) -> int:
    """Return how often the waker asks for the bound in so many seconds while it waits for an event."""
    looks: list[float] = []

    def counted() -> int:
        looks.append(time.monotonic())
        return bound()

    monkeypatch.setattr(log, "bound", counted)
    waker.waker().look_again("test.numbers", LANE, 1_000_000, {})
    until(lambda: looks and time.monotonic() - looks[0] > seconds)
    return len(looks)


def test_it_looks_ever_more_rarely(subscriber: Subscriber, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch):
    assert 3 <= looks_during(0.3, monkeypatch, lambda: 1) < 20


def test_it_does_not_spin_while_the_database_is_away(
    subscriber: Subscriber, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
):
    def away() -> int:
        raise ConnectionError

    assert 3 <= looks_during(0.3, monkeypatch, away) < 20


def test_it_does_not_look_again_at_a_paused_lane(
    committed_db: str, register: Register, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
):
    def broken(envelope: Envelope) -> None:
        raise ValueError

    monkeypatch.setattr("diana.events.isolation.SYSTEMIC_KEYS", 1)
    subscriber = register(broken)
    publish_one_by_one(1)
    broker.flushall()
    assert work(subscriber, [LANE], {}) == "idle"
    assert work(subscriber, [LANE], {}) == "idle"
    assert not holds_within(0.1, lambda: waiting(broker))
