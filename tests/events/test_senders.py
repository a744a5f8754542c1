"""The session that says that a sender is alive: lost at any moment, no claim is made under it, and nothing is sent twice."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from diana.events import Envelope, deliveries, delivery_claims, senders
from diana.events.drain import drain_lane
from diana.events.models import Delivery
from diana.events.subscriptions import Subscriber
from diana.lock_classes import LockClass
from tests.events.conftest import Numbers, Register
from tests.events.people import LANE, of_one_lane, publish_numbers, publish_pairs
from tests.events.racing import until
from tests.events.test_delivery_claims import another_process_that_claims, enqueue

ALL_SESSIONS = " FROM pg_stat_activity WHERE application_name = 'diana-sender' AND datname = current_database()"


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Iterator[senders._Owner]:
    """An owner that has no session yet, as in a process that has just begun."""
    fresh = senders._Owner()
    monkeypatch.setattr(senders, "_owner", fresh)
    yield fresh
    with fresh._lock:
        fresh._pid = 0
        if fresh._session is not None:
            fresh._session.close()


@pytest.fixture
def inattentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a session is noticed by nobody but the claim itself."""
    monkeypatch.setattr(senders._Owner, "_watch", lambda self: None)


def cut_senders(superuser: psycopg.Connection) -> None:
    """End the senders' sessions as a restart, a pooler or a time limit would, and wait until they are gone."""
    superuser.execute("SELECT pg_terminate_backend(pid, 5000)" + ALL_SESSIONS)


def is_held(superuser: psycopg.Connection, number: int) -> bool:
    """Say whether a session has the lock of this number."""
    found = superuser.execute(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s::oid AND objid = %s::oid AND granted",
        [LockClass.SENDER, number],
    )
    return found.fetchone() is not None


def owners(superuser: psycopg.Connection) -> set[int]:
    return {row[0] for row in superuser.execute("SELECT owner FROM event_delivery WHERE owner IS NOT NULL").fetchall()}


@pytest.mark.usefixtures("committed_db")
def test_many_threads_that_ask_at_once_get_one_number(owner: senders._Owner, superuser: psycopg.Connection):
    start = threading.Barrier(8)

    def ask() -> int:
        start.wait(10)
        return owner.identity()

    with ThreadPoolExecutor(8) as pool:
        numbers = {future.result(20) for future in [pool.submit(ask) for _ in range(8)]}
    assert len(numbers) == 1
    assert superuser.execute("SELECT count(*)" + ALL_SESSIONS).fetchone() == (1,)


@pytest.mark.usefixtures("inattentive")
def test_a_claim_is_made_under_a_session_that_lives(
    sender: Subscriber, owner: senders._Owner, superuser: psycopg.Connection
):
    owner.identity()
    for number in range(5):
        publish_numbers([number])
        enqueue(sender)
        cut_senders(superuser)
        assert len(delivery_claims.claim(sender, [LANE])) == 1
        assert all(is_held(superuser, number) for number in owners(superuser))
        Delivery.objects.all().delete()


@pytest.mark.usefixtures("inattentive")
def test_what_is_claimed_as_it_is_queued_is_claimed_under_a_session_that_lives(
    sender: Subscriber, numbers: Numbers, owner: senders._Owner, superuser: psycopg.Connection
):
    owner.identity()
    for number in range(5):
        publish_numbers([number])
        cut_senders(superuser)
        drained = drain_lane(sender, LANE)
        assert all(is_held(superuser, number) for number in owners(superuser))
        assert deliveries.deliver(sender, [LANE], drained.claims, seconds=1).made == 1
    assert numbers == list(range(5))


def test_a_lost_session_is_taken_up_again_while_nobody_asks(
    sender: Subscriber, owner: senders._Owner, superuser: psycopg.Connection
):
    number = owner.identity()
    for _ in range(3):
        cut_senders(superuser)
        until(lambda: is_held(superuser, number), seconds=5, what="the lock")
    assert owner.identity() == number


def test_a_number_whose_old_session_lives_on_is_given_up(
    committed_db: str, owner: senders._Owner, superuser: psycopg.Connection
):
    """As PostgreSQL sees a session whose client is gone behind a broken network."""
    superuser.execute("SELECT pg_advisory_lock(%s, 17)", [LockClass.SENDER])
    owner.identity()
    assert owner._session is not None
    other = senders._take_lock(owner._session, 17)
    assert other != 17
    assert is_held(superuser, other)


def test_calls_under_way_are_made_once_although_the_session_is_cut(
    committed_db: str, register: Register, owner: senders._Owner, superuser: psycopg.Connection
):
    sent = Counter[int]()

    async def slow(envelope: Envelope) -> None:
        sent[envelope.fields["number"]] += 1
        if len(sent) == 10:
            await asyncio.to_thread(cut_senders, superuser)
        await asyncio.sleep(0.6)

    subscriber = register(slow, external=True)
    publish_pairs((who, number) for number, who in enumerate(of_one_lane(10)))
    enqueue(subscriber)
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(_deliver_and_close, subscriber)
        while not making.done():
            _deliver_and_close(subscriber)
        making.result()
    assert sent == Counter(range(10))
    assert not Delivery.objects.exists()


def _deliver_and_close(subscriber: Subscriber) -> None:
    from django.db import connections

    try:
        deliveries.deliver(subscriber, [LANE], seconds=1)
    finally:
        connections.close_all()


def test_what_another_process_makes_is_left_to_it_while_its_session_comes_back(
    sender: Subscriber, numbers: Numbers, superuser: psycopg.Connection
):
    publish_numbers([1])
    enqueue(sender)
    with another_process_that_claims():
        [number] = owners(superuser)
        for _ in range(3):
            superuser.execute("UPDATE event_delivery SET leased_until = now() + interval '60 s'")
            cut_senders(superuser)
            assert deliveries.deliver(sender, [LANE], seconds=1).made == 0
            until(lambda: is_held(superuser, number), seconds=5, what="the other's lock")
    assert numbers == []


def test_a_second_call_is_counted_by_its_cause(
    sender: Subscriber, numbers: Numbers, caplog: pytest.LogCaptureFixture, superuser: psycopg.Connection
):
    [event] = publish_numbers([1])
    enqueue(sender)
    with another_process_that_claims() as process:
        process.kill()
        process.wait()
    with caplog.at_level(logging.WARNING):
        until(lambda: deliveries.deliver(sender, [LANE], seconds=1).made == 1)
    [line] = [r.getMessage() for r in caplog.records if "second time" in r.getMessage()]
    assert str(event.event_id) in line
    assert "sender_gone" in line
