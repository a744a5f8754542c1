"""A broker that is poisoned, full, evicts, forgets or cannot restore: workers live on and every effect is there once."""

import base64
import json
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from diana.local.valkey import Valkey
from tests.faults.conftest import Community
from tests.processes import wait_until

PEOPLE = range(1, 5)


@pytest.fixture
def broker(shared: Community) -> redis.Redis:
    """The broker, as whoever may write to it sees it."""
    return redis.Redis.from_url(shared.servers.redis_url)


def envelope(
    task: str, arguments: object, *, content_type: str = "application/json", body: bytes | None = None
) -> bytes:
    """Return a message as it lies in the queue."""
    raw = json.dumps([arguments, {}, {}]).encode() if body is None else body
    identity = str(uuid.uuid4())
    properties = {"correlation_id": identity, "delivery_mode": 2, "delivery_tag": identity, "body_encoding": "base64"}
    return json.dumps(
        {
            "body": base64.b64encode(raw).decode(),
            "content-encoding": "utf-8",
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": identity, "root_id": identity},
            "properties": properties | {"delivery_info": {"exchange": "", "routing_key": "domain"}, "priority": 0},
        }
    ).encode()


POISON: dict[str, bytes] = {
    "an unknown task": envelope("nobody.knows", [1]),
    "too few arguments": envelope("gamification.award_points", []),
    "too many arguments": envelope("gamification.award_points", [1, 2, 3, 4, 5, 6]),
    "arguments of a wrong kind": envelope("gamification.award_points", ["lane", 7]),
    "arguments that are no list": envelope("gamification.award_points", {"lane": 1}),
    "a lane that does not exist": envelope("gamification.award_points", [99, None]),
    "a body that is no JSON": envelope("gamification.award_points", None, body=b"\xff\x00 nothing"),
    "an empty body": envelope("gamification.award_points", None, body=b""),
    "pickle": envelope("gamification.award_points", None, content_type="application/x-python-serialize", body=b"cos\nsystem\n."),
    "a type nobody knows": envelope("gamification.award_points", None, content_type="application/x-unknown", body=b"x"),
    "a body that is no base64": b'{"body":"%","headers":{"task":"bot.handle_update"},"properties":{"body_encoding":"base64"}}',
    "no JSON": b"\xff\x00 nothing",
    "no object": b"[1]",
    "an empty object": b"{}",
    "no properties": b'{"body":"","headers":{"task":"bot.handle_update"}}',
    "nothing": b"",
    "five megabytes": envelope("gamification.award_points", ["x" * 5_000_000]),
}  # fmt: skip


def test_f12_poisoned_messages(shared: Community, broker: redis.Redis) -> None:
    shared.say_all(PEOPLE, ["before"])
    for queue in ("domain", "telegram"):
        for message in POISON.values():
            broker.lpush(queue, message)
    shared.say_all(PEOPLE, ["after", "/help"])
    shared.settle()
    wait_until(lambda: not broker.llen("domain") and not broker.llen("telegram"), "empty queues")
    wait_until(lambda: not broker.hlen("unacked"), "nothing left unacknowledged", seconds=5)
    assert shared.started["worker"].alive()
    assert shared.started["telegram"].alive()
    assert "nobody.knows" in shared.started["worker"].text()


def test_f20_a_full_broker_that_refuses_writes(shared: Community, broker: redis.Redis) -> None:
    broker.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            broker.set("x", 1)
        shared.say_all(PEOPLE, ["while it is full", "/help"])
        shared.settle()
    finally:
        broker.config_set("maxmemory", 0)
    shared.say_all(PEOPLE, ["after", "/help"])
    shared.settle()


def test_f21_a_broker_that_evicts_queues_and_bindings(shared: Community, broker: redis.Redis) -> None:
    """The policy is wrong and the memory small: everything that Celery keeps there goes, again and again."""
    used = int(broker.info("memory")["used_memory"])
    broker.config_set("maxmemory-policy", "allkeys-lru")
    broker.config_set("maxmemory", used + 1_000_000)
    try:
        for number in range(4):
            for filler in range(200):
                with suppress(redis.exceptions.OutOfMemoryError):  # now and then it cannot evict fast enough
                    broker.set(f"filler:{number}:{filler}", "x" * 20_000)
            shared.say_all(PEOPLE, [f"message {number}", "/help"])
        assert int(broker.info("stats")["evicted_keys"]) > 0
        shared.settle()
    finally:
        broker.config_set("maxmemory", 0)
        broker.config_set("maxmemory-policy", "noeviction")
        broker.flushall()
    shared.say_all(PEOPLE, ["after", "/help"])
    shared.settle()


def test_f30_messages_that_cannot_be_restored(shared: Community, broker: redis.Redis) -> None:
    """What lies among the unacknowledged cannot go back to any queue: Celery logs it, and the log of events has the work."""
    lost: dict[str, Any] = {
        "bad routing key": [json.loads(POISON["an unknown task"]), "no-such-exchange", "no-such-key"],
        "no message": None,
        "half a message": [{"body": 1}, "", ""],
    }
    for tag, content in lost.items():
        broker.hset("unacked", tag, json.dumps(content))
        broker.zadd("unacked_index", {tag: 0})
    broker.hset("unacked", "no JSON", b"\xff")
    broker.zadd("unacked_index", {"no JSON": 0})
    shared.say_all(PEOPLE, ["meanwhile", "/help"])
    shared.settle()
    wait_until(lambda: not broker.hexists("unacked", "no JSON"), "the end of what cannot be restored", seconds=10)
    shared.say_all(PEOPLE, ["after", "/help"])
    shared.settle()
    assert not any(broker.hexists("unacked", tag) for tag in lost)
    assert shared.started["worker"].alive()
    assert shared.started["telegram"].alive()


def test_f28_two_beats_do_a_periodic_job_once_in_its_period(shared: Community) -> None:
    # Nobody of Diana's has a right to this queue.
    anybody = {"REDIS_URL": shared.servers.redis_url}
    arguments = "--queues ticks --hostname beating@%h --concurrency 1 --without-mingle"
    worker = shared.processes.start_worker("worker", app="tests.beating", arguments=arguments, **anybody)
    schedules = [shared.processes.directory / f"schedule-{number}" for number in (1, 2)]
    beats = [
        shared.processes.start(
            f"beat-{schedule.name}", f"celery -A tests.beating beat --schedule {schedule}", **anybody
        )
        for schedule in schedules
    ]

    def counted(reason: str) -> int:
        return int(sum(row[0] for row in shared.sql(f"SELECT count FROM bot_refusal WHERE reason = '{reason}'")))  # type: ignore[call-overload]

    wait_until(lambda: counted("secret") >= 12 and counted("method") >= 2, "ticks of both in two periods")
    for process in (*beats, worker):
        process.kill()
    slots = shared.sql("SELECT count(*) FROM periodic_slot WHERE job = 'tests.tick'")
    assert slots == [(counted("method"),)]
    assert 2 <= counted("method") < counted("secret")


def test_f18_a_broker_whose_file_was_cut_off_starts_again(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path / "valkey", appendonly=True)
    valkey.start()
    try:
        client = redis.Redis.from_url(valkey.url())
        for number in range(100):
            client.rpush("domain", f"message {number}")
        client.config_set("appendfsync", "always")
        client.rpush("domain", "last")
        valkey.kill()
        (appended,) = (valkey.directory / "appendonlydir").glob("*.incr.aof")
        with appended.open("r+b") as file:
            file.truncate(appended.stat().st_size - 7)
        valkey.start()
        assert client.llen("domain") == 100
    finally:
        valkey.stop()
