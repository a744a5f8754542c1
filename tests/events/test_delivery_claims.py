"""Claims: one sender at a time makes a delivery, and one that is gone holds it up for nobody."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings as configured
from django.db.models.functions import Now  # noqa: TID251  # leases, pauses and retries are work

from diana.events import Permanent, deliveries, delivery_claims
from diana.events.drain import drain_lane
from diana.events.models import Delivery, Failure
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Numbers
from tests.events.people import ANNA, BORIS, LANE, publish_numbers
from tests.events.racing import until


def enqueue(subscriber: Subscriber) -> None:
    """Let the lane's task write what has to go out, and leave it to others to claim it; nothing is sent yet."""
    drain_lane(subscriber, LANE)
    Delivery.objects.update(owner=None, leased_until=None, attempts=0)


def deliver(subscriber: Subscriber) -> int:
    return deliveries.deliver(subscriber, [LANE], seconds=10).made


CLAIMING = """
import sys, time, django
django.setup()
from diana.events import deliveries, delivery_claims, subscribe
from diana.events.subscriptions import subscriber

@subscribe("test.happened", name="test.numbers", external=True)
def numbers(envelope): ...

import tests.events.declared
print(len(delivery_claims.claim(subscriber("test.numbers"), [int(sys.argv[1])])), flush=True)
time.sleep(60)
"""


@contextmanager
def another_process_that_claims() -> Iterator[subprocess.Popen[str]]:
    """Start a process that claims what is due in the lane and then does nothing; it is dead at the end."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": configured.SETTINGS_MODULE}
    command = [sys.executable, "-c", CLAIMING, str(LANE)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().strip() == "1"
            yield process
        finally:
            process.kill()


def test_it_takes_a_claim_over_as_soon_as_its_process_is_dead(sender: Subscriber, numbers: Numbers):
    publish_numbers([1])
    enqueue(sender)
    with another_process_that_claims() as process:
        assert deliver(sender) == 0
        assert delivery_claims.open_lanes(older_than_seconds=0) == []
        process.kill()
        process.wait()
        until(lambda: delivery_claims.open_lanes(older_than_seconds=0) == [(sender.name, LANE)])
        assert deliver(sender) == 1
    assert numbers == [1]
    assert not Delivery.objects.exists()


def claimed_and_forgotten(subscriber: Subscriber) -> delivery_claims.Claim:
    """Claim the only delivery in this process and leave it."""
    publish_numbers([1])
    enqueue(subscriber)
    [claimed] = delivery_claims.claim(subscriber, [LANE])
    return claimed


def test_it_takes_a_claim_over_when_its_lease_is_over(sender: Subscriber, numbers: Numbers):
    claimed_and_forgotten(sender)
    assert deliver(sender) == 0
    Delivery.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert deliver(sender) == 1
    assert numbers == [1]


OUTCOMES: list[Exception | None] = [None, ValueError("late"), Permanent("late")]


@pytest.mark.parametrize("late_outcome", OUTCOMES)
def test_it_ignores_what_a_sender_says_that_lost_its_claim(sender: Subscriber, late_outcome: Exception | None):
    first = claimed_and_forgotten(sender)
    Delivery.objects.update(leased_until=Now() - timedelta(seconds=1))
    [second] = delivery_claims.claim(sender, [LANE])
    before = Delivery.objects.values().get()
    deliveries.record(sender, first, late_outcome)
    assert (Delivery.objects.values().get(), Failure.objects.count()) == (before, 0)
    deliveries.record(sender, second, None)
    assert not Delivery.objects.exists()


def test_it_would_forget_a_delivery_under_way_if_records_were_not_fenced(sender: Subscriber):
    first = claimed_and_forgotten(sender)
    Delivery.objects.update(leased_until=Now() - timedelta(seconds=1))
    [second] = delivery_claims.claim(sender, [LANE])
    deliveries.record(sender, first._replace(attempts=second.attempts), None)
    assert not Delivery.objects.exists()


def test_it_keeps_its_claims_when_its_session_was_lost(sender: Subscriber, superuser: psycopg.Connection):
    claimed_and_forgotten(sender)
    superuser.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'diana-sender' AND datname = current_database()"
    )
    assert deliver(sender) == 0
    publish_numbers([2], user_id=BORIS)
    drain_lane(sender, LANE)
    assert deliver(sender) <= 1
    assert Delivery.objects.get(key=str(ANNA)).attempts == 1
