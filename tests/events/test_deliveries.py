"""Deliveries: what goes outside goes in order for each key, at least once, and by one sender at a time."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now  # noqa: TID251  # leases, pauses and retries are work

from diana.audit.actors import Actor
from diana.events import Envelope, Permanent, Retry, deliveries, delivery_claims, loop, publish, retries
from diana.events.drain import drain_lane
from diana.events.models import Cursor, Delivery, Failure, StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Numbers, Register
from tests.events.declared import Followed
from tests.events.people import ANNA, BORIS, LANE, drain, of_one_lane, publish_numbers, publish_pairs

STAFF = Actor(None, "somebody", "command")


def enqueue(subscriber: Subscriber) -> None:
    """Let the lane's task write what has to go out, and leave it to others to claim it; nothing is sent yet."""
    drain_lane(subscriber, LANE)
    Delivery.objects.update(owner=None, leased_until=None, attempts=0)


def deliver(subscriber: Subscriber) -> int:
    return deliveries.deliver(subscriber, [LANE], seconds=10).made


# In order, side by side


def test_it_writes_deliveries_in_the_commit_that_moves_the_cursor(sender: Subscriber, numbers: Numbers):
    last = publish_numbers([1, 2])[-1]
    enqueue(sender)
    assert list(Delivery.objects.order_by("position").values_list("key", "attempts")) == [(last.key, 0)] * 2
    assert Cursor.objects.get(subscriber=sender.name, lane=LANE).position == StoredEvent.objects.latest("id").id
    assert numbers == []


def test_it_delivers_in_order_and_forgets_what_is_done(sender: Subscriber, numbers: Numbers):
    publish_pairs([(ANNA, 1), (BORIS, 10), (ANNA, 2), (BORIS, 11), (ANNA, 3)])
    drain(sender)
    assert [n for n in numbers if n < 10] == [1, 2, 3]
    assert [n for n in numbers if n >= 10] == [10, 11]
    assert not Delivery.objects.exists()


def test_it_claims_only_the_oldest_of_each_key(sender: Subscriber):
    publish_pairs([(ANNA, 1), (ANNA, 2), (BORIS, 10), (BORIS, 11)])
    enqueue(sender)
    assert [c.envelope.event.number for c in delivery_claims.claim(sender, [LANE])] == [1, 10]
    assert delivery_claims.claim(sender, [LANE]) == []


def test_it_claims_what_it_queues_the_first_of_each_key(sender: Subscriber, numbers: Numbers):
    publish_pairs([(ANNA, 1), (ANNA, 2), (BORIS, 10)])
    claims = drain_lane(sender, LANE).claims
    assert [(c.attempts, c.envelope.event.number) for c in claims] == [(1, 1), (1, 10)]
    assert delivery_claims.claim(sender, [LANE]) == []
    assert deliveries.deliver(sender, [LANE], claims, seconds=10) == (3, set())
    assert sorted(numbers) == [1, 2, 10]
    assert numbers.index(1) < numbers.index(2)


def test_it_claims_nothing_that_has_an_older_one_before_it(sender: Subscriber):
    publish_pairs([(ANNA, 1)])
    enqueue(sender)
    publish_pairs([(ANNA, 2), (BORIS, 10)])
    assert [c.envelope.event.number for c in drain_lane(sender, LANE).claims] == [10]


def test_it_claims_no_more_than_it_can_make_at_once(sender: Subscriber, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delivery_claims, "CLAIMED_AS_QUEUED", 2)
    publish_pairs([(who, 1) for who in of_one_lane(5)])
    assert len(drain_lane(sender, LANE).claims) == 2
    assert len(delivery_claims.claim(sender, [LANE])) == 3


def test_it_holds_later_ones_of_a_key_back_while_an_earlier_one_waits(
    committed_db: str, register: Register, still_clock: Clock
):
    tried: list[int] = []

    def reluctant(envelope: Envelope) -> None:
        tried.append(envelope.event.number)
        if envelope.event.number == 1:
            raise Retry(after=3600)

    subscriber = register(reluctant, external=True)
    publish_pairs([(ANNA, 1), (ANNA, 2), (BORIS, 10)])
    drain(subscriber)
    assert tried == [1, 10]


def test_it_sends_for_many_people_side_by_side(committed_db: str, register: Register):
    people = of_one_lane(20)
    everyone_is_here = asyncio.Barrier(len(people))

    async def meet(envelope: Envelope) -> None:
        await asyncio.wait_for(everyone_is_here.wait(), 10)

    subscriber = register(meet, external=True)
    publish_pairs((user_id, 1) for user_id in people)
    enqueue(subscriber)
    assert deliver(subscriber) == len(people)
    assert not Delivery.objects.exists()


def test_it_sends_asynchronously_in_order_for_each_person(committed_db: str, register: Register, numbers: Numbers):
    async def slow_at_first(envelope: Envelope) -> None:
        await asyncio.sleep(0.02 if envelope.event.number == 1 else 0)
        numbers(envelope)

    subscriber = register(slow_at_first, external=True)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_it_calls_outside_any_transaction_and_hands_the_cause_on(
    committed_db: str, register: Register, asynchronous: bool
):
    inside: list[bool] = []

    def act() -> None:
        inside.append(connection.in_atomic_block)
        with transaction.atomic():
            publish(Followed(user_id=ANNA))

    def plain(envelope: Envelope) -> None:
        act()

    async def in_loop(envelope: Envelope) -> None:
        await loop.in_thread(act)

    subscriber = register(in_loop if asynchronous else plain, external=True)
    [cause] = publish_numbers([1])
    drain(subscriber)
    assert inside == [False]
    assert StoredEvent.objects.get(type="test.followed").causation_id == cause.event_id


# When it fails


def failing(errors: list[Exception], sent: Numbers) -> Callable[[Envelope], None]:
    """Return a handler that raises these, one at each call, and works afterwards."""

    def fragile(envelope: Envelope) -> None:
        if errors:
            raise errors.pop(0)
        sent(envelope)

    return fragile


def make_due() -> None:
    Delivery.objects.update(next_attempt_at=Now())


def test_it_tries_again_when_the_handler_says(
    committed_db: str, register: Register, numbers: Numbers, still_clock: Clock
):
    subscriber = register(failing([Retry(after=30)], numbers), external=True)
    publish_numbers([1])
    drain(subscriber)
    delivery = Delivery.objects.get()
    assert delivery.next_attempt_at == still_clock.real_now() + timedelta(seconds=30)
    assert (delivery.owner, delivery.leased_until, delivery.attempts) == (None, None, 1)
    make_due()
    assert (deliver(subscriber), numbers) == (1, [1])


def test_it_gives_up_at_once_what_can_never_go_out_and_goes_on(committed_db: str, register: Register, numbers: Numbers):
    subscriber = register(failing([Permanent("blocked by the person")], numbers), external=True)
    publish_numbers([1, 2])
    drain(subscriber)
    failure = Failure.objects.get()
    assert (failure.status, failure.error) == ("dead", "Permanent: blocked by the person")
    assert (numbers, Delivery.objects.count()) == ([2], 0)
    assert StoredEvent.objects.filter(type="system.delivery_dead").count() == 1


def exhaust(subscriber: Subscriber, attempts: int) -> None:
    publish_numbers([1])
    enqueue(subscriber)
    for _ in range(attempts):
        make_due()
        deliveries.deliver(subscriber, [LANE], seconds=0)


def test_it_gives_up_after_the_last_attempt(committed_db: str, register: Register, numbers: Numbers, settings):
    settings.EVENTS_MAX_ATTEMPTS = 3
    subscriber = register(failing([ValueError("no")] * 9, numbers), external=True)
    exhaust(subscriber, 3)
    assert Failure.objects.values_list("status", "attempts").get() == ("dead", 3)
    assert not Delivery.objects.exists()


def test_it_never_gives_up_for_a_passing_reason(committed_db: str, register: Register, numbers: Numbers, settings):
    settings.EVENTS_MAX_ATTEMPTS = 3
    subscriber = register(failing([OperationalError("away")] * 9, numbers), external=True)
    exhaust(subscriber, 6)
    assert Delivery.objects.get().attempts == 6
    assert not Failure.objects.exists()


# Dead letters and staff


def test_it_makes_a_new_delivery_of_a_redriven_dead_letter(committed_db: str, register: Register, numbers: Numbers):
    subscriber = register(failing([Permanent("blocked")], numbers), external=True)
    publish_numbers([1])
    drain(subscriber)
    assert retries.redrive(Failure.objects.all(), reason="unblocked", actor=STAFF) == 1
    assert retries.redrive(Failure.objects.all(), reason="unblocked", actor=STAFF) == 0
    assert deliver(subscriber) == 1
    assert numbers == [1]
    assert Failure.objects.values_list("status", "resolution").get() == ("done", "redriven: unblocked")


def test_it_ends_as_a_dead_letter_again_when_a_redriven_one_fails_again(
    committed_db: str, register: Register, numbers: Numbers
):
    subscriber = register(failing([Permanent("blocked"), Permanent("blocked again")], numbers), external=True)
    publish_numbers([1])
    drain(subscriber)
    retries.redrive(Failure.objects.all(), reason="unblocked", actor=STAFF)
    deliver(subscriber)
    assert Failure.objects.values_list("status", "error").get() == ("dead", "Permanent: blocked again")
    assert StoredEvent.objects.filter(type="system.delivery_dead").count() == 2


def test_it_finds_lanes_with_something_due_for_so_long(sender: Subscriber):
    publish_numbers([1])
    enqueue(sender)
    assert delivery_claims.open_lanes(older_than_seconds=0) == [(sender.name, LANE)]
    assert delivery_claims.open_lanes(older_than_seconds=3600) == []
    Delivery.objects.update(next_attempt_at=F("next_attempt_at") + timedelta(hours=1))
    assert delivery_claims.open_lanes(older_than_seconds=0) == []
