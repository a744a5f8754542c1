"""Sealed events on their way: handled like any other, lost by no missing key, and readable nowhere else."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.db import transaction
from django.test import Client

from apps.users.models import Staff
from diana.audit.actors import Actor
from diana.events import Envelope, Publication, publish, publish_many, retries, subscriptions
from diana.events.models import Cursor, Failure, StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Numbers, Register
from tests.events.declared import Confided, Happened
from tests.events.messages import run_next, sent
from tests.events.people import LANE, drain, of_one_lane

CANARY = "what-only-the-handler-may-read"
KEYS = {"first": bytes(range(32))}
ANNA, *OTHERS = of_one_lane(6)


@pytest.fixture
def subscriber(committed_db: str, register: Register, numbers: Numbers, settings: Any) -> Subscriber:
    """A subscriber that remembers the numbers it was confided."""
    settings.EVENTS_SEALING_KEYS = KEYS
    return register(numbers, "sealed.confided")


def confide(*pairs: tuple[int, int]) -> list[Envelope]:
    """Publish sealed events for these (person, number), in one transaction."""
    with transaction.atomic():
        return publish_many([Publication(event=Confided(user_id=w, number=n, text=CANARY)) for w, n in pairs])


def test_it_hands_out_sealed_events_like_others(subscriber: Subscriber, numbers: Numbers):
    confide((ANNA, 1), (ANNA, 2))
    drain(subscriber)
    assert numbers == [1, 2]


def test_it_needs_no_key_where_nobody_reads_the_payload(committed_db: str, register: Register, settings: Any):
    settings.EVENTS_SEALING_KEYS = KEYS
    seen: list[int | None] = []

    def count(envelope: Envelope) -> None:
        seen.append(envelope.user_id)

    subscriber = register(count, "sealed.confided")
    confide((ANNA, 1))
    settings.EVENTS_SEALING_KEYS = {}
    drain(subscriber)
    assert (seen, Failure.objects.count()) == ([ANNA], 0)


def test_it_loses_nothing_while_a_key_is_missing(
    subscriber: Subscriber, numbers: Numbers, settings: Any, still_clock: Clock
):
    settings.EVENTS_MAX_ATTEMPTS = 2
    confide((ANNA, 1))
    settings.EVENTS_SEALING_KEYS = {"second": bytes(32)}
    confide((ANNA, 2))
    drain(subscriber)
    failure = Failure.objects.get()
    assert (numbers, failure.status, failure.attempts) == ([2], "retrying", 1)
    assert failure.error == "KeyMissing: No key has the id 'first': add it to EVENTS_SEALING_KEYS, behind the first."

    still_clock.advance(3600)
    drain(subscriber)
    assert (numbers, Failure.objects.get().status) == ([2], "dead")

    settings.EVENTS_SEALING_KEYS |= KEYS
    retries.redrive(Failure.objects.all(), reason="the key is back", actor=Actor(None, "somebody", "command"))
    drain(subscriber)
    assert (numbers, Failure.objects.get().status) == ([2, 1], "done")


def test_it_pauses_the_lane_where_no_event_opens(
    subscriber: Subscriber, numbers: Numbers, settings: Any, still_clock: Clock
):
    confide(*((person, number) for number, person in enumerate(OTHERS)))
    settings.EVENTS_SEALING_KEYS = {}
    drain(subscriber)
    assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).paused_until is not None
    assert Failure.objects.count() == 0, "what everyone has is charged to nobody"

    settings.EVENTS_SEALING_KEYS = KEYS
    still_clock.advance(60)
    drain(subscriber)
    assert numbers == [0, 1, 2, 3, 4]


def test_it_delivers_sealed_events_to_the_outside(committed_db: str, register: Register, settings: Any):
    settings.EVENTS_SEALING_KEYS = KEYS
    settings.EVENTS_BACKOFF_SECONDS = 0.0
    settings.EVENTS_MAX_ATTEMPTS = 2
    told = Numbers()
    outside = register(told, "sealed.confided", name="test.outside", external=True)
    confide((ANNA, 1))
    settings.EVENTS_SEALING_KEYS = {}
    drain(outside)
    assert (told, [f.status for f in Failure.objects.all()]) == ([], ["dead"])
    settings.EVENTS_SEALING_KEYS = KEYS
    retries.redrive(Failure.objects.all(), reason="the key is back", actor=Actor(None, "somebody", "command"))
    drain(outside)
    assert told == [1]


# Where a payload must not be

READ: dict[bytes, Callable[[redis.Redis, bytes], object]] = {
    b"string": lambda broker, key: broker.get(key),
    b"list": lambda broker, key: broker.lrange(key, 0, -1),
    b"set": lambda broker, key: broker.smembers(key),
    b"hash": lambda broker, key: broker.hgetall(key),
    b"zset": lambda broker, key: broker.zrange(key, 0, -1),
}


def seen_by_redis(broker: redis.Redis, act: Callable[[], None]) -> str:
    """Return every command that Redis was given meanwhile and every key that it holds in the end, bodies unpacked."""
    with broker.monitor() as monitor:
        act()
        held = [(key, READ[broker.type(key)](broker, key)) for key in broker.scan_iter(count=1000)]
        broker.echo("that is all")
        commands = iter(lambda: monitor.next_command()["command"], "ECHO that is all")
        text = "\n".join([*commands, repr(held)])
    packed = re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", text)
    return text + "".join(base64.b64decode(p + "=" * (-len(p) % 4)).decode(errors="replace") for p in packed)


@pytest.fixture
def carried(
    broker: redis.Redis, committed_db: str, register: Register, numbers: Numbers, settings: Any
) -> Callable[[], str]:
    """Publish a sealed and an open event, let a task handle them, and return what Redis saw of it."""
    settings.EVENTS_SEALING_KEYS = KEYS
    register(numbers, "sealed.confided", "test.happened")

    def act() -> None:
        for event in (Confided(user_id=ANNA, number=1, text=CANARY), Happened(user_id=ANNA, number=2, text=CANARY)):
            with transaction.atomic():
                publish(event)
        sent()
        run_next(broker)
        sent()

    def carry() -> str:
        seen = seen_by_redis(broker, act)
        assert numbers == [1, 2]
        assert str(StoredEvent.objects.get(type="sealed.confided").event_id) in seen, "or the search proves nothing"
        return seen

    return carry


def test_redis_never_sees_a_payload(carried: Callable[[], str]):
    assert CANARY not in carried()


def test_it_would_be_found_if_a_wake_up_carried_the_payload(
    carried: Callable[[], str], monkeypatch: pytest.MonkeyPatch
):
    hint = subscriptions._hint
    monkeypatch.setattr(subscriptions, "_hint", lambda envelope: hint(envelope) | {"payload": envelope.payload})
    assert CANARY in carried()


@pytest.mark.django_db
def test_the_admin_shows_that_an_event_is_sealed_and_not_what_it_holds(client: Client, settings: Any):
    settings.EVENTS_SEALING_KEYS = KEYS
    confide((ANNA, 1))
    settings.EVENTS_SEALING_KEYS = {}
    client.force_login(Staff.objects.create_superuser("chief", password="a long password"))
    event = StoredEvent.objects.get(type="sealed.confided")
    for page in ("/admin/events/storedevent/", f"/admin/events/storedevent/{event.pk}/change/"):
        answer = client.get(page)
        shown = answer.content.decode()
        assert (answer.status_code, "sealed with key first" in shown, CANARY in shown) == (200, True, False)
