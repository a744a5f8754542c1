"""What waits in the broker: the tasks of a queue, read or run the way a worker would."""

import base64
import json
from typing import Any, NamedTuple

import redis
from celery import current_app

from diana.events import waker
from tests.events.people import publish_numbers


class Message(NamedTuple):
    """One task on its way."""

    task: str
    lanes: list[int]
    hint: dict[str, str]
    raw: bytes


def waiting(broker: redis.Redis, queue: str = "domain") -> list[Message]:
    """Return what waits in the queue, the oldest first."""
    return [_message(raw) for raw in reversed(broker.lrange(queue, 0, -1))]


def run_next(broker: redis.Redis, queue: str = "domain") -> Any:
    """Take the oldest task from the queue and run it here; return its result."""
    raw = broker.rpop(queue)
    assert raw is not None, f"nothing waits in {queue}"
    message = _message(raw)
    return current_app.tasks[message.task](message.lanes, message.hint)


def sent() -> None:
    """Wait until the waker has nothing to do."""
    waker.waker().flush(5)


def publish_one_by_one(count: int) -> None:
    """Publish about ANNA, each event in a transaction of its own, and wait until the waker has sent what follows."""
    for number in range(count):
        publish_numbers([number])
        sent()


def _message(raw: bytes) -> Message:
    document = json.loads(raw)
    [lanes, hint], _, _ = json.loads(base64.b64decode(document["body"]))
    return Message(document["headers"]["task"], lanes, hint, raw + base64.b64decode(document["body"]))
