"""How fast the bot may call: the same in Redis and in memory, shared, never failing."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from apps.bot import buckets, checks, rates
from apps.bot.buckets import Bucket, Memory
from diana import cache

ALL = Bucket("all", 0.1, 0.3, 1.0)
CHAT = Bucket("chat", 1.0, 1.0, 0.5)


@pytest.fixture
def shared(valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """An empty Redis, and a process that knows nothing yet."""
    monkeypatch.setattr(cache, "_clients", {})
    monkeypatch.setattr(buckets, "_memory", Memory())
    buckets.breaker.close()
    client = redis.Redis.from_url(valkey)
    client.flushall()
    yield client
    client.close()
    buckets.breaker.close()


def test_a_burst_goes_at_once_and_the_rest_in_its_turn(shared: redis.Redis) -> None:
    waits = [buckets.take([ALL]) for _ in range(6)]
    assert [wait.taken for wait in waits] == [True] * 6
    assert [round(wait.seconds, 1) for wait in waits] == [0, 0, 0, 0.1, 0.2, 0.3]


def test_who_would_wait_for_long_takes_nothing(shared: redis.Redis) -> None:
    assert buckets.take([ALL, CHAT]).taken
    before = shared.get("{diana:telegram}:all")
    refused = buckets.take([ALL, CHAT])
    assert not refused.taken
    assert 0.9 < refused.seconds <= 1.0
    assert shared.get("{diana:telegram}:all") == before


def test_processes_share_it(shared: redis.Redis) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: buckets.take([ALL]), range(40)))
    taken = sorted(round(wait.seconds, 1) for wait in waits if wait.taken)
    assert taken[:4] == [0, 0, 0, 0.1]
    assert len(taken) <= 14  # three at once, and what fits into the second that one may wait


def test_what_telegram_says_of_one_chat_holds_for_all_processes(
    shared: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    buckets.hold(CHAT, 30)
    monkeypatch.setattr(buckets, "_memory", Memory())  # another process
    refused = buckets.take([ALL, CHAT])
    assert (refused.taken, 29 < refused.seconds <= 30) == (False, True)
    assert buckets.take([ALL, CHAT._replace(name="another")]).taken
    assert 29 < buckets.held([ALL, CHAT]) <= 30


def test_several_chats_at_once_mean_all(shared: redis.Redis) -> None:
    for number in range(buckets.TURNED_AWAY_CHATS):
        assert buckets.take([ALL, CHAT._replace(name="another")]).taken is (number == 0) or number
        buckets.hold(CHAT._replace(name=f"chat {number}"), 7)
    assert not buckets.take([ALL, CHAT._replace(name="nobody's yet")]).taken


def test_what_holds_all_is_bounded(shared: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(buckets.TURNED_AWAY_CHATS):
        buckets.hold(CHAT._replace(name=f"chat {number}"), 1128)
    monkeypatch.setattr(buckets, "_memory", Memory())  # another process
    refused = buckets.take([ALL, CHAT])
    assert (refused.taken, refused.by) == (False, "all")
    assert 0 < refused.seconds <= buckets.LONGEST_HOLD_OF_ALL
    assert 1120 < buckets.held([CHAT._replace(name="chat 0")]) <= 1128


def test_several_groups_at_once_mean_only_themselves(shared: redis.Redis) -> None:
    for number in range(buckets.TURNED_AWAY_CHATS + 1):
        buckets.hold(CHAT._replace(name=f"group {number}", group=True), 600)
    assert buckets.take([ALL, CHAT]).taken
    assert not buckets.take([ALL, CHAT._replace(name="group 0")]).taken


def test_nothing_is_held_for_longer_than_an_hour(shared: redis.Redis) -> None:
    buckets.hold(CHAT, 86_400)
    assert 3000 < buckets.held([CHAT]) <= buckets.LONGEST_HOLD


def test_a_hold_by_name_concerns_those_who_ask_for_it(shared: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    buckets.hold_name("method:getMe", 7)
    monkeypatch.setattr(buckets, "_memory", Memory())  # another process
    assert buckets.take([ALL, CHAT]).taken
    refused = buckets.take([ALL], ["token:x", "method:getMe"])
    assert (refused.taken, refused.by) == (False, "method:getMe")
    assert 6 < buckets.standing()["method:getMe"] <= 7
    buckets.release("method:getMe")
    assert buckets.take([ALL], ["token:x", "method:getMe"]).taken
    assert buckets.standing() == {}


@pytest.mark.parametrize("away", [False, True], ids=["shared", "alone"])
def test_a_group_takes_only_so_many_messages_a_minute(shared: redis.Redis, servers: Any, away: bool) -> None:
    if away:
        servers.valkey.stop()
    group = Bucket("group", 0.001, 0.1, 1.0, in_minute=20, group=True)
    waits = [buckets.take([group]) for _ in range(25)]
    assert [wait.taken for wait in waits] == [True] * 20 + [False] * 5
    assert 55 < waits[-1].seconds <= 60
    assert waits[-1].by == "group"
    assert buckets.take([group._replace(in_minute=0)]).taken  # a redraw is no message


def test_ids_below_zero_are_groups(settings: Any) -> None:
    settings.TELEGRAM_RATE_PER_GROUP_MINUTE = 20
    assert buckets.bucket_of_chat(-100).in_minute == 20
    assert buckets.bucket_of_chat(-100, message=False).in_minute == 0
    assert buckets.bucket_of_chat(100).in_minute == 0


@pytest.mark.parametrize("hang", [False, True], ids=["stopped", "hung"])
def test_without_redis_each_process_counts_for_itself(shared: redis.Redis, servers: Any, hang: bool) -> None:
    if hang:
        servers.valkey.pause()
    else:
        servers.valkey.stop()
    try:
        started = time.monotonic()
        waits = [buckets.take([ALL]) for _ in range(20)]
        assert time.monotonic() - started < 2
        assert [wait.taken for wait in waits[:3]] == [True] * 3
        assert sum(wait.taken for wait in waits) < 20 or time.monotonic() - started > 0.5
        buckets.hold(CHAT, 30)
        assert not buckets.take([ALL, CHAT]).taken
    finally:
        if hang:
            servers.valkey.resume()


def test_no_chat_is_named_in_redis(shared: redis.Redis, settings: Any) -> None:
    settings.TELEGRAM_RATE_ALL = settings.TELEGRAM_RATE_PER_CHAT = 0.1
    buckets.take([buckets.bucket_of_all(), buckets.bucket_of_chat(4711)])
    buckets.hold(buckets.bucket_of_chat(4711), 5)
    keys = list(shared.scan_iter())
    assert len(keys) == 5
    assert not any(b"4711" in key for key in keys)


steps = st.lists(st.tuples(st.floats(0, 2), st.sampled_from("abc")), max_size=60)


@given(steps, st.sampled_from([0.05, 0.5, 1.0]), st.integers(1, 5))
def test_no_more_than_a_burst_and_the_rate_ever_goes(
    steps: list[tuple[float, str]], interval: float, burst: int
) -> None:
    """Whoever asks, whenever: in any span of time no more calls are made than a burst and one for each interval."""
    memory, now = Memory(), 1000.0
    made: list[float] = []
    for pause, name in steps:
        now += pause
        wait = memory.take([Bucket("all", interval, burst * interval, 1.0), Bucket(name, 0.2, 0.2, 1.0)], now)
        assert wait.seconds >= 0
        if wait.taken:
            assert wait.seconds <= 1.0 + 1e-6
            made.append(now + wait.seconds)
    made.sort()
    for first in range(len(made)):
        for last in range(first, len(made)):
            assert last - first + 1 <= burst + (made[last] - made[first]) / interval + 1e-6 + last_shift(interval)


def last_shift(interval: float) -> float:
    """A call that waits for its chat goes later than its place among all: by a second at most."""
    return 1.0 / interval


def test_memory_forgets_chats_that_have_rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_KNOWN", 10)
    memory = Memory()
    for number in range(100):
        memory.take([Bucket(str(number), 0.1, 0.1, 1.0)], number * 10.0)
    assert len(memory._full_at) <= 12


@pytest.mark.parametrize(
    "name",
    [
        "TELEGRAM_RATE_ALL",
        "TELEGRAM_RATE_ALL_BURST",
        "TELEGRAM_RATE_PER_CHAT",
        "TELEGRAM_RATE_PER_CHAT_BURST",
        "TELEGRAM_RATE_PER_GROUP_MINUTE",
    ],
)
def test_the_start_refuses_rates_of_nothing(settings: Any, name: str) -> None:
    assert checks.check_rates() == []
    setattr(settings, name, 0)
    assert [found.id for found in checks.check_rates()] == ["bot.E011"]
