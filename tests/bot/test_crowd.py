"""Fifty people at once: whatever they do comes interleaved, out of order and twice, and each fares as if they were alone."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from apps.bot.models import Update
from apps.gamification.models import Account, Entry
from apps.users.models import Person
from diana import clock
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.updates import GROUP, deliver, message, press, update, user
from tests.conftest import close_connections

PEOPLE, KINDS_OF_PEOPLE = 50, 5
THREADS = 8


def script(number: int, telegram_id: int) -> list[dict[str, Any]]:
    """What a person of that kind does: messages here and in the group, commands, buttons, a reaction."""
    me = user(telegram_id)
    person = f"{telegram_id}"
    done = [update(body=message(text, sender=me)) for text in ("/daily", "/points", *(f"{n}" for n in range(number)))]
    done += [update(body=message(f"hello {n}", sender=me, chat=GROUP)) for n in range(number % 3)]
    done += [press(f"v1|{screen}|show|{person}", sender=me) for screen in ("top", "profile")[: number % 3]]
    # Of now: what happened on the day before would begin another day if it came first, and none if it came last.
    moment = int(clock.now().timestamp())
    reaction = {"chat": GROUP, "message_id": 5, "user": me, "date": moment, "old_reaction": []}
    done += [update("message_reaction", reaction | {"new_reaction": [{"type": "emoji"}]})] * (number % 2)
    return done


def state(sandbox: Sandbox, telegram_id: int) -> dict[str, Any]:
    """Everything about a person that must not depend on others."""
    person = Person.objects.get(telegram_id=telegram_id)
    account = Account.objects.get(pk=person.pk)
    # Coming by pays with the act that comes first: on which answer that is told, differs.
    events = (
        StoredEvent.objects.filter(user_id=person.pk).exclude(type="bot.screen_shown").values_list("type", flat=True)
    )
    calls = sandbox.calls(chat=telegram_id)
    return {
        "entries": Counter(Entry.objects.filter(account_id=person.pk).values_list("rule", "amount")),
        "balance": (account.balance, account.lifetime),
        "events": Counter(events),
        "sent": Counter(call.method for call in calls if "\n\n✨ " not in call.parameters.get("text", "")),
    }


def deliver_all(bodies: list[dict[str, Any]]) -> None:
    """Post from some threads, each over a connection of its own, while the bus works."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.01):
            drain()
        close_connections()

    def post(part: list[dict[str, Any]]) -> list[int]:
        try:
            return [deliver(body) for body in part]
        finally:
            close_connections()

    worker = threading.Thread(target=work)
    worker.start()
    with ThreadPoolExecutor(THREADS) as pool:
        parts = pool.map(post, [bodies[n::THREADS] for n in range(THREADS)])
        statuses = [status for part in parts for status in part]
    done.set()
    worker.join()
    assert statuses == [200] * len(bodies)
    drain()
    # Outcomes that were not decided in time.
    Delivery.objects.update(next_attempt_at=clock.real_now())
    drain()


@pytest.mark.usefixtures("committed_db")
def test_everybody_fares_as_if_they_were_alone(sandbox: Sandbox) -> None:
    alone: dict[int, dict[str, Any]] = {}
    for kind in range(KINDS_OF_PEOPLE):
        for body in script(kind, 1_000 + kind):
            assert deliver(body) == 200
            drain()
        alone[kind] = state(sandbox, 1_000 + kind)
    chance = random.Random(50)
    bodies = [body for n in range(PEOPLE) for body in script(n % KINDS_OF_PEOPLE, 2_000 + n)] * 2
    chance.shuffle(bodies)
    deliver_all(bodies)
    crowd = {n: state(sandbox, 2_000 + n) for n in range(PEOPLE)}
    assert [n for n in range(PEOPLE) if crowd[n] != alone[n % KINDS_OF_PEOPLE]] == []
    assert not Update.objects.filter(handled_at=None).exists()
    assert not Delivery.objects.exists()
    assert not Failure.objects.exists()
