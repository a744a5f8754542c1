"""The waker: commits become few tasks, a missing Redis costs nobody time, and what it cannot send it does not block."""

import os
import statistics
import subprocess
import sys
import time

import pytest
import redis
from django.conf import settings as configured
from django.db import transaction

from diana.events import Envelope, publish, waker, wakeups, work
from diana.events.lanes import LANES
from diana.events.subscriptions import Subscriber, Wakes
from tests.events.conftest import Numbers, Register
from tests.events.declared import Happened
from tests.events.messages import publish_one_by_one, run_next, sent, waiting
from tests.events.people import ANNA, LANE, publish_numbers
from tests.events.racing import until
from tests.servers import Servers

# Coalescing


def test_it_sends_one_task_for_all_that_comes_before_the_task_is_at_work(
    subscriber: Subscriber, broker: redis.Redis, numbers: Numbers
):
    publish_one_by_one(100)
    assert [(m.task, m.lanes) for m in waiting(broker)] == [(subscriber.name, [])]
    run_next(broker)
    assert numbers == list(range(100))


def test_it_would_send_a_task_for_each_without_the_flag(
    subscriber: Subscriber, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wakeups, "raise_flags", lambda lanes: {name for name, _ in lanes})
    publish_one_by_one(20)
    assert len(waiting(broker)) == 20


def test_it_sends_again_once_the_task_has_lowered_the_flag(subscriber: Subscriber, broker: redis.Redis):
    publish_one_by_one(1)
    run_next(broker)
    publish_one_by_one(1)
    assert len(waiting(broker)) == 1


def test_it_sends_one_task_for_all_lanes_which_takes_some_and_leaves_the_others_to_the_next(
    subscriber: Subscriber, broker: redis.Redis, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(work, "LANES_AT_ONCE", 7)
    with transaction.atomic():
        for user_id in range(1, 200):
            publish(Happened(user_id=user_id, number=user_id))
    sent()
    assert [m.lanes for m in waiting(broker)] == [[]]
    run_next(broker)
    sent()
    assert 0 < len(numbers) < 199
    [message] = waiting(broker)
    assert len(message.lanes) == LANES - 7
    while waiting(broker):
        run_next(broker)
        sent()
    assert sorted(numbers) == list(range(1, 200))


def test_it_names_the_newest_event_and_tells_the_broker_nothing_else(subscriber: Subscriber, broker: redis.Redis):
    with transaction.atomic():
        publish(Happened(user_id=ANNA, text="a secret"))
        newest = publish(Happened(user_id=ANNA, text="a secret"))
    sent()
    [message] = waiting(broker)
    assert message.hint == {
        "type": "test.happened",
        "id": str(newest.event_id),
        "correlation_id": str(newest.correlation_id),
    }
    assert b"secret" not in message.raw


def test_it_uses_the_queue_of_the_subscriber(committed_db: str, register: Register, broker: redis.Redis):
    def go_outside(envelope: Envelope) -> None:
        """Do nothing."""

    register(go_outside, external=True)
    publish_numbers([1])
    sent()
    assert (len(waiting(broker, "telegram")), len(waiting(broker))) == (1, 0)


def test_it_sends_nothing_for_an_act_that_nobody_wants(
    committed_db: str, register: Register, numbers: Numbers, broker: redis.Redis
):
    register(numbers, where={"text": "another"})
    publish_numbers([1])
    sent()
    assert waiting(broker) == []


def test_it_sends_the_next_task_whether_or_not_the_flag_is_up(subscriber: Subscriber, broker: redis.Redis):
    publish_one_by_one(1)
    waker.waker().send_next(subscriber.name, [LANE], {})
    sent()
    assert len(waiting(broker)) == 2


# When sending fails


def fail_to_send(broker: redis.Redis, subscriber: Subscriber) -> None:
    """Publish in two lanes while the queue's key is something that no task can be added to."""
    broker.set("domain", "no list")
    with transaction.atomic():
        publish(Happened(user_id=ANNA))
        publish(Happened(user_id=1))
    sent()
    broker.delete("domain")


def test_it_takes_back_what_it_could_not_send_and_the_next_task_makes_up_for_it(
    subscriber: Subscriber, broker: redis.Redis, numbers: Numbers
):
    fail_to_send(broker, subscriber)
    publish_one_by_one(1)
    assert len(waiting(broker)) == 1
    run_next(broker)
    assert len(numbers) == 3


def test_it_would_block_later_wake_ups_if_it_did_not(
    subscriber: Subscriber, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wakeups, "forget_sent", lambda subscribers: None)
    fail_to_send(broker, subscriber)
    publish_one_by_one(1)
    assert waiting(broker) == []


# When Redis is away


def seconds_of_publishing(times: int) -> float:
    """Return how long it takes to publish and commit, at the median."""
    taken = []
    for number in range(times):
        started = time.perf_counter()
        publish_numbers([number])
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


@pytest.mark.parametrize("harm", ["pause", "stop"])
def test_it_opens_the_breaker_when_redis_is_away_and_nobody_waits(
    subscriber: Subscriber, broker: redis.Redis, servers: Servers, harm: str
):
    publish_one_by_one(1)
    getattr(servers.valkey, harm)()
    assert seconds_of_publishing(5) < 0.05
    while not wakeups.is_open():
        publish_one_by_one(1)
    assert seconds_of_publishing(5) < 0.05


def test_it_would_keep_publishers_waiting_if_they_asked_redis_themselves(
    subscriber: Subscriber, broker: redis.Redis, servers: Servers, monkeypatch: pytest.MonkeyPatch
):
    def ask(wakes: Wakes) -> None:
        try:
            wakeups.raise_flags(list(wakes))
        except wakeups.Unavailable:
            return

    monkeypatch.setattr(waker, "notify", ask)
    publish_numbers([1])
    servers.valkey.pause()
    assert seconds_of_publishing(5) > 0.2


def test_it_sends_again_when_redis_is_back(subscriber: Subscriber, broker: redis.Redis, servers: Servers):
    publish_one_by_one(1)
    servers.valkey.pause()
    while not wakeups.is_open():
        publish_one_by_one(1)
    servers.valkey.resume()
    broker.flushall()

    def arrives() -> bool:
        publish_one_by_one(1)
        return bool(waiting(broker))

    until(arrives)
    assert not wakeups.is_open()


def test_it_does_not_keep_a_process_from_ending(subscriber: Subscriber, broker: redis.Redis, servers: Servers):
    servers.valkey.pause()
    started = time.monotonic()
    publish_numbers([1])
    waker.flush_at_exit()
    assert time.monotonic() - started < waker.FLUSH_SECONDS + 0.25


# Processes

FORKING = """
import os, django
django.setup()
from diana.events import subscribe, tasks
from diana.events.waker import waker, flush_at_exit

@subscribe("test.happened", name="test.numbers")
def numbers(envelope): ...

import tests.events.declared
tasks.register_tasks()
parents = waker()
parents.warm_up()
parents.notify({("test.numbers", 3): {}})
parents.flush(5)
child = os.fork()
if not child:
    assert waker() is not parents and waker() is waker()
    waker().notify({("test.numbers", 1): {}})
    waker().flush(5)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert waker() is parents
waker().notify({("test.numbers", 2): {}})
"""


def test_it_runs_anew_in_a_forked_process_and_sends_what_is_left_at_exit(subscriber: Subscriber, broker: redis.Redis):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": configured.SETTINGS_MODULE}
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKING], env=environment, check=True, timeout=60)
    flags = [f"diana:wake:test.numbers:{lane}".encode() for lane in (1, 2, 3)]
    assert sorted(broker.keys("diana:wake:*")) == flags
    assert len(waiting(broker)) == 1
