"""F68. Messages of other code and nonsense in the queue: the worker lives, says so once, and every event has its effect."""

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from apps.gamification.models import Entry
from diana.events import other_code
from diana.events.lanes import LANES
from diana.events.models import Failure
from tests.gamification.acts import AWARDS, happen, message, people
from tests.processes import Process, Processes, running_processes, wait_until

HINT = {"type": "game.message_sent", "id": str(uuid.uuid4()), "correlation_id": str(uuid.uuid4())}


def envelope_of(task: str, body: Any, **headers: Any) -> str:
    """Return a message as kombu keeps it in a list of Redis; the body is encoded unless it is text."""
    text = body if isinstance(body, str) else json.dumps(body)
    tag = str(uuid.uuid4())
    properties = {
        "correlation_id": tag,
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "domain"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": tag,
    }
    return json.dumps(
        {
            "body": base64.b64encode(text.encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": headers.pop("content_type", "application/json"),
            "headers": {"lang": "py", "task": task, "id": tag, "root_id": tag, "parent_id": None, "group": None}
            | headers,
            "properties": properties,
        }
    )


def task(name: str, *args: Any, **kwargs: Any) -> str:
    """Return a message with these arguments."""
    return envelope_of(name, [args, kwargs, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])


READABLE = [((3, HINT), [3]), ((None, HINT), []), (([1, 2], {"by": "relay"}), [1, 2])]
STRANGE = [
    (),
    (3,),
    ("3", HINT),
    (3, "hint"),
    (3, None),
    (True, HINT),
    ([1, "x"], HINT),
    ({}, {}),
    (1, HINT, 2),
    (1.5, HINT),
]


@pytest.mark.parametrize(("arguments", "lanes"), READABLE)
def test_both_forms_of_arguments_are_read(arguments: tuple[Any, ...], lanes: list[int]):
    assert other_code.read_wake("test.some", arguments, {}) == (lanes, arguments[1])


@pytest.mark.parametrize("arguments", STRANGE)
def test_other_forms_are_let_go(arguments: tuple[Any, ...]):
    assert other_code.read_wake("test.some", arguments, {}) is None
    assert other_code.read_wake("test.some", (3, HINT), {"more": 1}) is None


def test_lanes_that_are_gone_are_left_out():
    assert other_code.read_wake("test.some", ([LANES - 1, LANES, -1], HINT), {}) == ([LANES - 1], HINT)


@pytest.fixture
def processes(committed_db: str, valkey: str, tmp_path: Path) -> Iterator[Processes]:
    """Nothing runs as yet."""
    with running_processes(tmp_path) as running:
        yield running


def push(broker: redis.Redis) -> None:
    """Fill the queue with what a version of yesterday, one of tomorrow and nobody sensible would send."""
    broker.lpush("domain", *[task("gone.subscriber", 3, HINT) for _ in range(50)])
    broker.lpush("domain", *[task(AWARDS, *arguments) for arguments, _ in READABLE])
    broker.lpush("domain", *[task(AWARDS, *arguments) for arguments in STRANGE for _ in range(5)])
    broker.lpush("domain", task(AWARDS, 3, HINT, surprise=True), task("bot.handle_update", 3, HINT))
    for body in ("no json", "[]", "{}", "[[1], {}]", '"text"', "null"):
        broker.lpush("domain", envelope_of(AWARDS, body))
    broker.lpush("domain", b"\xff\xfe", "no json", "[]", "{}", '{"body": 1}', '{"properties": {}}')
    broker.lpush("domain", envelope_of(AWARDS, "[]", content_type="application/x-python-serialize"))
    broker.lpush("domain", envelope_of(AWARDS, [[3, HINT], {}, {}], expires="2026-01-01T00:00:00+00:00"))


def test_a_worker_outlives_what_it_finds_in_the_queue(processes: Processes, broker: redis.Redis):
    who = people(4)
    happen(*map(message, who))
    push(broker)
    worker, relay = processes.start_worker("worker"), processes.start("relay")
    wait_until(lambda: Entry.objects.filter(rule="message_sent").count() == 4, "the effects of before")
    wait_until(lambda: not broker.llen("domain"), "an empty queue")
    happen(*map(message, who))
    wait_until(lambda: Entry.objects.filter(rule="message_sent").count() == 8, "the effects of after")
    assert worker.alive()
    assert relay.alive()
    assert not Failure.objects.exists()
    assert_said_once(worker)


def assert_said_once(worker: Process) -> None:
    """It complained once of each kind, on one line."""
    text = worker.text()
    assert text.count("unregistered task gone.subscriber; it is let go") == 1, text
    assert text.count("Received invalid task message; it is let go") == 1, text
    assert text.count("has arguments of other code") <= 2, text
    assert "The full contents" not in text
