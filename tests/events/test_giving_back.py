"""Claims that cannot be made or recorded: given back at once, recorded by a second try, buried if they end their process."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection
from django.db.models.functions import Now  # noqa: TID251  # leases, pauses and retries are work

from diana.events import Envelope, deliveries, delivery_claims, drain, together
from diana.events.drain import drain_lane
from diana.events.locks import lane_lock
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Numbers, Register
from tests.events.people import ANNA, BORIS, CLARA, LANE, publish_numbers, publish_pairs
from tests.events.racing import alongside


def cut_off(superuser: psycopg.Connection) -> None:
    """End this thread's connection as a restart of the server or a firewall would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [cursor.fetchone()[0]])


def free_lanes() -> list[tuple[str, int]]:
    return delivery_claims.open_lanes(older_than_seconds=0)


@pytest.fixture
def speechless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A sender that cannot record what concerns BORIS."""
    record = deliveries._record

    def fail_for_boris(subscriber: Subscriber, claimed: delivery_claims.Claim, error: Exception | None) -> None:
        if claimed.envelope.user_id == BORIS:
            raise OperationalError("away")
        record(subscriber, claimed, error)

    forget = deliveries._forget

    def fail_for_boris_too(made: Sequence[tuple[str, delivery_claims.Claim]]) -> None:
        if any(claimed.envelope.user_id == BORIS for _, claimed in made):
            raise OperationalError("away")
        forget(made)

    monkeypatch.setattr(deliveries, "_record", fail_for_boris)
    monkeypatch.setattr(deliveries, "_forget", fail_for_boris_too)
    return


@pytest.mark.usefixtures("speechless")
def test_it_gives_back_at_once_what_it_cannot_record_and_what_it_has_not_made(sender: Subscriber, numbers: Numbers):
    publish_pairs([(ANNA, 1), (BORIS, 2), (CLARA, 3)])
    drained = drain_lane(sender, LANE)
    with pytest.raises(OperationalError):
        deliveries.deliver(sender, [LANE], drained.claims, seconds=1)
    assert numbers == [1, 2]
    assert list(Delivery.objects.order_by("id").values_list("key", "owner")) == [(str(BORIS), None), (str(CLARA), None)]
    assert free_lanes() == [(sender.name, LANE)]


@pytest.mark.usefixtures("speechless")
def test_it_would_wait_for_the_lease_otherwise(sender: Subscriber, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delivery_claims, "give_back", lambda claims: None)
    publish_pairs([(BORIS, 2), (CLARA, 3)])
    drained = drain_lane(sender, LANE)
    with pytest.raises(OperationalError):
        deliveries.deliver(sender, [LANE], drained.claims, seconds=1)
    assert free_lanes() == []


@pytest.mark.usefixtures("speechless")
def test_it_gives_back_only_when_all_calls_have_ended(committed_db: str, register: Register):
    ended: list[int] = []

    async def slow(envelope: Envelope) -> None:
        await asyncio.sleep(0.0 if envelope.user_id == BORIS else 0.2)
        ended.append(envelope.fields["number"])

    subscriber = register(slow, external=True)
    publish_pairs([(ANNA, 1), (BORIS, 2), (CLARA, 3)])
    drained = drain_lane(subscriber, LANE)
    with pytest.raises(OperationalError):
        deliveries.deliver(subscriber, [LANE], drained.claims, seconds=1)
    assert sorted(ended) == [1, 2, 3]
    assert [d.key for d in Delivery.objects.all()] == [str(BORIS)]


def test_it_records_by_another_connection_what_was_sent_when_its_own_was_lost(
    committed_db: str, register: Register, superuser: psycopg.Connection
):
    calls: list[int] = []

    def sends(envelope: Envelope) -> None:
        calls.append(envelope.fields["number"])
        cut_off(superuser)

    subscriber = register(sends, external=True)
    publish_numbers([1])
    drained = drain_lane(subscriber, LANE)
    deliveries.deliver(subscriber, [LANE], drained.claims, seconds=1)
    assert (calls, Delivery.objects.count()) == ([1], 0)


def test_it_gives_back_the_claims_of_other_lanes_when_the_database_goes_away(
    sender: Subscriber, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
):
    publish_numbers([1])
    drained = drain_lane(sender, LANE)

    def lose(*_: object, **__: object) -> drain.Drained:
        cut_off(superuser)
        connection.close()
        raise OperationalError("away")

    monkeypatch.setattr(drain, "drain_lane", lose)
    done = together.Drained(1, set(), {}, list(drained.claims))
    with pytest.raises(OperationalError):
        together._drain_apart(sender, [LANE + 1], done, time.monotonic())
    assert free_lanes() == [(sender.name, LANE)]


def test_work_that_was_done_is_no_failure_because_the_lock_went_with_its_connection(
    committed_db: str, superuser: psycopg.Connection
):
    with lane_lock("test.any", LANE) as held:
        assert held
        cut_off(superuser)

    def another() -> None:
        with lane_lock("test.any", LANE) as free:
            assert free

    with alongside(another):
        pass


def claim_and_die(subscriber: Subscriber) -> list[delivery_claims.Claim]:
    """Claim what is due as a process does that ends before it records; its lease is over."""
    claims = delivery_claims.claim(subscriber, [LANE])
    Delivery.objects.update(leased_until=Now() - timedelta(seconds=1))
    return claims


def test_it_buries_a_delivery_during_which_the_process_ended_too_often(sender: Subscriber, numbers: Numbers):
    publish_numbers([1, 2])
    drain_lane(sender, LANE)
    Delivery.objects.update(leased_until=Now() - timedelta(seconds=1))
    times = 1
    while claim_and_die(sender):
        times += 1
    assert times == configured.EVENTS_MAX_ATTEMPTS
    failure = Failure.objects.get()
    assert (failure.status, failure.error) == ("dead", "RuntimeError: The process ended during the last attempt.")
    assert StoredEvent.objects.filter(type="system.delivery_dead").count() == 1
    deliveries.deliver(sender, [LANE], seconds=1)
    assert numbers == [2]


def test_what_is_lost_again_and_again_is_claimed_ever_later(sender: Subscriber):
    """Sessions that are cut in a row end no process, and must not bury what it sends."""
    publish_numbers([1])
    drain_lane(sender, LANE)
    for seconds in (0.25, 0.75, 1.75, 3.75):
        # A number under which nobody is alive.
        Delivery.objects.update(
            owner=1, leased_until=Now() + timedelta(seconds=delivery_claims.LEASE_SECONDS - seconds + 0.1)
        )
        assert delivery_claims.claim(sender, [LANE]) == []
        assert delivery_claims.open_lanes(older_than_seconds=0) == []
        Delivery.objects.update(leased_until=Now() + timedelta(seconds=delivery_claims.LEASE_SECONDS - seconds))
        assert delivery_claims.open_lanes(older_than_seconds=0) == [(sender.name, LANE)]
        assert len(delivery_claims.claim(sender, [LANE])) == 1
    assert Delivery.objects.get().attempts == 5


def test_it_buries_no_delivery_that_was_put_off_as_often(sender: Subscriber):
    publish_numbers([1])
    drain_lane(sender, LANE)
    Delivery.objects.update(owner=None, leased_until=None, attempts=3 * configured.EVENTS_MAX_ATTEMPTS)
    assert len(delivery_claims.claim(sender, [LANE])) == 1


def test_it_gives_up_what_always_meets_an_error_that_should_pass(committed_db: str, register: Register):
    def deadlocks(envelope: Envelope) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40P01'; END $$")

    subscriber = register(deadlocks, external=True)
    publish_numbers([1])
    drain_lane(subscriber, LANE)
    Delivery.objects.update(attempts=0)
    for _ in range(configured.EVENTS_MAX_ATTEMPTS + configured.EVENTS_PASSING_ERRORS):
        Delivery.objects.update(owner=None, leased_until=None, next_attempt_at=Now() - timedelta(seconds=1))
        assert not Failure.objects.exists()
        deliveries.deliver(subscriber, [LANE], seconds=0)
    assert Failure.objects.get().attempts == configured.EVENTS_MAX_ATTEMPTS + configured.EVENTS_PASSING_ERRORS
