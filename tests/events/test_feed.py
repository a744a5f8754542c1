"""The live feed: it says what was committed, without payloads, and gives way to everything else."""

import io
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import transaction

from diana import metrics
from diana.events import Publication, feed, publish, publish_many, waker
from tests.events.declared import Happened
from tests.processes import wait_until

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def own_feed(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A feed of the test's own, on."""
    settings.EVENTS_FEED = True
    monkeypatch.setattr(feed, "_feeds", {})
    feed.breaker.close()
    yield
    settings.EVENTS_FEED = False
    # Its thread may be about to send: it finds nothing.
    for started in feed._feeds.values():
        started._waiting.clear()
        time.sleep(settings.EVENTS_FEED_INTERVAL_SECONDS)


@pytest.fixture
def heard(broker: redis.Redis) -> Iterator[Any]:
    """Somebody who listens."""
    with broker.pubsub(ignore_subscribe_messages=True) as listening:
        listening.subscribe(feed.CHANNEL)
        listening.get_message(timeout=1)
        yield listening


def messages(listening: Any, seconds: float = 1.0) -> list[dict[str, Any]]:
    """Return what comes until nothing came for so long."""
    found = []
    while (message := listening.get_message(timeout=seconds)) is not None:
        found.append(json.loads(message["data"]))
        seconds = 0.3
    return found


def counted(outcome: str) -> float:
    return metrics.totals().get(f"diana_feed_events_{outcome}", 0)


def publish_many_numbers(count: int) -> None:
    with transaction.atomic():
        publish_many([Publication(event=Happened(user_id=7, number=n, text="a secret")) for n in range(count)])


def test_it_says_what_was_committed_and_keeps_the_payload_to_itself(heard: Any):
    with transaction.atomic():
        publish(Happened(user_id=8, text="a secret"))
        transaction.set_rollback(True)
    with transaction.atomic():
        written = publish(Happened(user_id=7, text="a secret"))
    [said] = messages(heard)
    assert said == {
        "event_id": str(written.event_id),
        "type": "test.happened",
        "version": 1,
        "key": "7",
        "user_id": 7,
        "occurred_at": written.occurred_at.isoformat().replace("+00:00", "Z"),
        "correlation_id": str(written.correlation_id),
    }


def test_it_takes_the_first_hundred_of_a_commit_and_counts_what_it_drops(heard: Any):
    before = counted("sent"), counted("dropped")
    publish_many_numbers(5000)
    assert len(messages(heard)) == 100
    assert (counted("sent") - before[0], counted("dropped") - before[1]) == (100, 4900)


def test_what_waits_is_bounded(heard: Any, settings: Any):
    settings.EVENTS_FEED_INTERVAL_SECONDS = 0.5
    before = counted("dropped")
    for _ in range(4):
        publish_many_numbers(100)
    assert len(messages(heard)) == settings.EVENTS_FEED_WAITING
    assert counted("dropped") - before == 200


def test_while_nobody_listens_it_sends_one_event_and_rests(broker: redis.Redis):
    def published() -> int:
        return int(broker.info("commandstats").get("cmdstat_publish", {}).get("calls", 0))

    before = published()
    publish_many_numbers(50)
    wait_until(lambda: published() > before, "the first try")
    for _ in range(5):
        publish_many_numbers(50)
        time.sleep(0.12)
    assert published() == before + 1


def test_without_redis_publishing_goes_on_and_the_breaker_opens(servers: Any, settings: Any):
    servers.valkey.stop()
    settings.EVENTS_FEED_INTERVAL_SECONDS = 0.01
    for _ in range(settings.EVENTS_BREAKER_FAILURES):
        publish_many_numbers(1)
        found = next(iter(feed._feeds.values()))
        wait_until(lambda found=found: not found._waiting, "the try")
        time.sleep(0.05)
        found._silent_until = 0
    assert feed.breaker.current_state == "open"


def test_it_does_not_keep_wake_ups_waiting(broker: redis.Redis, heard: Any, register: Any, numbers: Any):
    """The planted bug sends from the committing thread: then a slow Redis is a slow commit."""
    register(numbers)
    publish_many_numbers(1)
    waker.waker().flush(5)
    messages(heard)

    def delay() -> float:
        started = time.perf_counter()
        publish_many_numbers(200)
        waker.waker().flush(5)
        return time.perf_counter() - started

    with_feed = min(delay() for _ in range(3))
    feed._feeds.clear()
    sent_at_once = feed.Feed.offer
    try:
        feed.Feed.offer = lambda self, envelopes: time.sleep(0.25)  # type: ignore[method-assign]
        planted = delay()
    finally:
        feed.Feed.offer = sent_at_once  # type: ignore[method-assign]
    assert with_feed < 0.2 < planted


def test_it_can_be_switched_off(heard: Any, settings: Any):
    settings.EVENTS_FEED = False
    publish_many_numbers(1)
    assert messages(heard, 0.3) == []
    assert feed._feeds == {}


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_it(valkey: str, broker: redis.Redis, as_json: bool):
    out = io.StringIO()
    watching = threading.Thread(
        target=call_command, args=("feed",), kwargs={"count": 2, "json": as_json, "stdout": out}
    )
    watching.start()
    wait_until(lambda: broker.pubsub_numsub(feed.CHANNEL)[0][1] == 1, "the command to listen")
    publish_many_numbers(2)
    watching.join(10)
    first, second = out.getvalue().splitlines()
    assert "test.happened" in first
    if as_json:
        assert json.loads(second)["key"] == "7"
    assert "secret" not in out.getvalue()


def test_the_command_says_when_there_is_no_feed(servers: Any, settings: Any):
    servers.valkey.stop()
    with pytest.raises(CommandError, match="Redis does not answer"):
        call_command("feed")
    settings.EVENTS_FEED = False
    with pytest.raises(CommandError, match="set EVENTS_FEED=true"):
        call_command("feed")
