"""The protocol of wake-ups: explored over all its interleavings as a model, and raced with real threads."""

import json
import threading
from collections import Counter
from collections.abc import Callable

import pytest
import redis
from django.db import transaction

from diana.events import publish, wakeups
from diana.events.subscriptions import Subscriber
from diana.events.waker import Waker
from diana.events.work import visit
from tests.events.conftest import Numbers, Register
from tests.events.declared import Happened
from tests.events.people import ANNA, LANE
from tests.events.racing import alongside, holds_within, together
from tests.events.wake_model import CORRECT, MISTAKES, explore

STEPS_OF_THE_CODE = {
    "publish", "commit", "roll back", "raise", "another lane's", "keep", "send", "send by name", "fail to send",
    "fail to send by name", "forget after failing", "came below", "receive", "receive by name", "look at all flags",
    "busy", "lock", "lower", "read", "read a part", "unlock", "unlock at the slice's end", "look at the flag",
}  # fmt: skip


def test_it_leaves_no_event_behind_in_any_interleaving():
    found = explore(CORRECT)
    assert found.stuck == []
    assert found.steps == STEPS_OF_THE_CODE
    assert found.states > 10_000
    assert any(len(end.handled) == 2 for end in found.ends)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_it_would_leave_events_behind_if(mistake: str):
    assert explore(MISTAKES[mistake], until_stuck=True).stuck


PUBLISHERS, EACH, WORKERS = 3, 30, 2


def race(subscriber: Subscriber, broker: redis.Redis, handled: Numbers, *, seconds: float) -> bool:
    """Let publishers and workers race on one lane; say whether everything was handled so many seconds after them."""
    ended = threading.Event()

    def worker() -> None:
        while not ended.is_set():
            message = broker.blpop(subscriber.queue, timeout=0.1)
            if message is not None:
                body = json.loads(message[1])
                assert body["headers"]["task"] == subscriber.name
                visit(subscriber, [], {})

    def publisher(number: int) -> Callable[[], None]:
        def act() -> None:
            for each in range(EACH):
                with transaction.atomic():
                    publish(Happened(user_id=ANNA, number=number * EACH + each))

        return act

    with alongside(lambda: together(*[worker] * WORKERS)):
        together(*map(publisher, range(PUBLISHERS)))
        complete = holds_within(seconds, lambda: len(handled) >= PUBLISHERS * EACH)
        ended.set()
    return complete


def test_it_handles_everything_once_with_real_threads(
    committed_db: str, broker: redis.Redis, register: Register, numbers: Numbers
):
    subscriber = register(numbers)
    assert race(subscriber, broker, numbers, seconds=wakeups.FLAG_SECONDS - 1)
    assert Counter(numbers) == Counter(range(PUBLISHERS * EACH))


def test_it_would_stand_still_with_real_threads_if_no_task_said_that_it_arrived(
    committed_db: str, broker: redis.Redis, register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wakeups, "forget_sent", lambda subscribers: None)
    monkeypatch.setattr(wakeups, "take_flags", lambda subscriber: [LANE])
    monkeypatch.setattr(wakeups, "raised_flags", lambda subscriber, lanes: [])
    monkeypatch.setattr(Waker, "look_again", lambda *_: None)
    assert not race(register(numbers), broker, numbers, seconds=1)
