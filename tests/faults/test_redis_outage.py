"""Valkey killed, emptied, stopped for eight seconds: nobody notices but the clock, and awards go on without it."""

import statistics
import time

import pytest
import redis

from tests.faults.conftest import Community
from tests.processes import wait_until


@pytest.fixture
def community(shared: Community) -> Community:
    """One community survives all of it; in each test it is other people who write."""
    shared.post_seconds.clear()
    return shared


def test_f25_flushall_in_the_middle_of_a_run(community: Community) -> None:
    people = range(1, 7)
    client = redis.Redis.from_url(community.servers.redis_url)
    for round_ in range(6):
        community.say_all(people, [f"message {round_}", "/help"])
        client.flushall()
    community.settle()


def test_f16_killing_valkey_and_starting_it_empty(community: Community) -> None:
    people = range(11, 17)
    community.say_all(people, ["before", "/daily"])
    community.servers.valkey.kill()
    community.say_all(people, ["while it is away", "/help"])
    community.servers.valkey.start()
    community.say_all(people, ["after", "/help"])
    community.settle()


def test_f19_eight_seconds_without_valkey_while_updates_keep_coming(community: Community) -> None:
    people = range(21, 27)
    community.say_all(people, ["before", "/daily"])
    community.settle()
    usual = statistics.median(community.post_seconds)
    community.servers.valkey.stop()
    started, before = time.monotonic(), len(community.post_seconds)
    while time.monotonic() - started < 8:
        community.say_all(people, ["still here", "/help"])
        time.sleep(0.5)
    wait_until(community.effects_are_there, "awards without Valkey", seconds=10)
    community.servers.valkey.start()
    community.say_all(people, ["it is back", "/help"])
    community.settle()
    assert statistics.median(community.post_seconds[before:]) < 10 * max(usual, 0.01)


def test_f22_a_hung_valkey_does_not_slow_the_webhook(community: Community) -> None:
    people = range(31, 37)
    community.say_all(people, ["before", "/daily"])
    community.servers.valkey.pause()
    try:
        community.say_all(people, ["while it hangs", "/help"])
        assert max(community.post_seconds) < 1
        wait_until(community.effects_are_there, "awards while Valkey hangs")
    finally:
        community.servers.valkey.resume()
    community.settle()
