"""Every call of the bus to Redis is short or fails, goes through the breaker, and is not repeated (faults 19, 22)."""

import ast
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.conf import settings as configured

import diana.events
from diana.events import waker, wakeups
from diana.events.subscriptions import Subscriber
from diana.events.work import work
from diana.redis_addresses import Address
from tests.events.messages import sent
from tests.events.people import LANE, publish_numbers
from tests.events.racing import alongside
from tests.servers import Servers

TIMEOUT = configured.EVENTS_REDIS_TIMEOUT_SECONDS
# One call, and what a busy machine adds.
ONE_CALL = TIMEOUT + 0.2

CALLS: dict[str, Callable[[], object]] = {
    "raise_flags": lambda: wakeups.raise_flags([("test.numbers", 1), ("test.numbers", 2)]),
    "keep_flags": lambda: wakeups.keep_flags("test.numbers", [1]),
    "take_flags": lambda: wakeups.take_flags("test.numbers"),
    "lower_flags": lambda: wakeups.lower_flags("test.numbers", [1]),
    "raised_flags": lambda: wakeups.raised_flags("test.numbers", [1]),
    "forget_sent": lambda: wakeups.forget_sent(["test.numbers"]),
    "claim_relay": lambda: wakeups.claim_relay("test.numbers"),
    "consume_relay": lambda: wakeups.consume_relay("test.numbers"),
}
HARMS = {"F22 hung": "pause", "F19 gone": "stop"}


def seconds(call: Callable[[], object]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def fails(call: Callable[[], object]) -> None:
    with pytest.raises(wakeups.Unavailable):
        call()


@pytest.mark.parametrize("harm", HARMS)
def test_each_call_costs_one_timeout_and_is_counted_once(broker: redis.Redis, servers: Servers, harm: str):
    wakeups.client().ping()
    getattr(servers.valkey, HARMS[harm])()
    for call in CALLS.values():
        wakeups.breaker.close()
        assert seconds(lambda call=call: fails(call)) < ONE_CALL
        assert wakeups.breaker.fail_counter == 1


def test_an_open_breaker_asks_nobody(broker: redis.Redis, servers: Servers):
    servers.valkey.pause()
    while not wakeups.is_open():
        fails(CALLS["raised_flags"])
    assert seconds(lambda: [fails(call) for call in CALLS.values()]) < 0.05


def test_it_would_cost_seconds_with_the_clients_own_retries(
    broker: redis.Redis, servers: Servers, monkeypatch: pytest.MonkeyPatch
):
    # from_url() would give it other retries.
    account = Address("REDIS_URL", servers.redis_url).account
    own = redis.Redis(port=servers.valkey_port, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, **account)
    monkeypatch.setattr(wakeups, "client", lambda: own)
    servers.valkey.pause()
    answered = threading.Event()
    with alongside(lambda: (CALLS["raised_flags"]() and None) or answered.set()):
        assert not answered.wait(2 * ONE_CALL)
        servers.valkey.resume()
    own.close()


@pytest.mark.parametrize("harm", HARMS)
def test_a_task_is_sent_or_given_up_in_the_time_of_a_few_calls(
    subscriber: Subscriber, broker: redis.Redis, servers: Servers, harm: str
):
    # connected, and not: the first message after a loss opens a connection, too
    task = waker.Task(subscriber.name, [LANE], {})
    for warm in (True, False):
        wakeups.breaker.close()
        waker.waker()._close()
        if warm:
            waker.waker().warm_up()
        getattr(servers.valkey, HARMS[harm])()
        assert seconds(lambda: fails(lambda: waker.waker()._send_task(task))) < 2 * ONE_CALL
        assert wakeups.breaker.fail_counter == 1
        servers.valkey.resume() if harm.startswith("F22") else servers.valkey.start()


def test_a_worker_that_is_at_it_when_redis_hangs_handles_everything_and_loses_a_second_at_most(
    subscriber: Subscriber, broker: redis.Redis, servers: Servers, numbers: list[int]
):
    publish_numbers(range(20))
    sent()
    servers.valkey.pause()
    assert seconds(lambda: work(subscriber, [LANE], {})) < configured.EVENTS_BREAKER_FAILURES * ONE_CALL
    assert numbers == list(range(20))


def behind_a_breaker(tree: ast.AST) -> set[int]:
    """Return the nodes of functions that are given to guarded() or to a breaker's call()."""
    given = {
        argument.id if isinstance(argument, ast.Name) else id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("guarded", "breaker.call"))
        for argument in node.args[:1]
    }
    functions = [n for n in ast.walk(tree) if id(n) in given or (isinstance(n, ast.FunctionDef) and n.name in given)]
    return {id(node) for function in functions for node in ast.walk(function)}


def test_no_module_of_the_bus_calls_redis_past_a_breaker():
    # broker_policy asks once, at a release and at a worker's start, and takes no answer for an answer.
    bare: list[str] = []
    for path in Path(diana.events.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        guarded = behind_a_breaker(tree)
        bare += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("client", "wakeups.client")
            if id(node) not in guarded and path.name != "broker_policy.py"
        ]
    assert bare == []
