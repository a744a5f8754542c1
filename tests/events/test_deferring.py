"""Deferred events: nothing lost, nobody's order changed, released as fast as the limits allow."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from diana.events import Publication, deferring, limiting, log, publish, publish_many
from diana.events.envelope import Envelope
from diana.events.locks import lane_lock
from diana.events.models import DeferredEvent, StoredEvent
from diana.events.relay import Relay
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Numbers
from tests.events.declared import Confided, Happened
from tests.events.people import ANNA, BORIS, CLARA, drain
from tests.events.racing import alongside, closing, together, until


@pytest.fixture(autouse=True)
def _limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EVENTS_RATE_LIMITS = {
        "phone": {"person": "2/hour", "over": "defer"},
        "tablet": {"person": "9/hour", "over": "defer"},
        "program": {"person": "9/hour", "over": "refuse"},
    }
    monkeypatch.setattr(limiting, "_limiters", {})
    monkeypatch.setattr(limiting, "counts", limiting.Counter())


@pytest.fixture
def hour_later(still_clock: Clock) -> Callable[[], None]:
    """Let a window of the limits go by."""

    def pass_() -> None:
        still_clock.advance(3601)
        limiting._limiters.clear()

    return pass_


def say(*numbers: int, user_id: int = ANNA, source: str | None = "phone", **more: Any) -> list[Envelope]:
    """Publish the numbers, each in a transaction of its own."""
    envelopes = []
    for number in numbers:
        with transaction.atomic():
            envelopes.append(publish(Happened(user_id=user_id, number=number), source=source, **more))
    return envelopes


def logged(user_id: int = ANNA) -> list[int]:
    """Return the numbers of a person in the order of the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (payload ->> 'number')::int FROM event_log WHERE type = 'test.happened' AND user_id = %s ORDER BY id",
            [user_id],
        )
        return [row[0] for row in cursor.fetchall()]


# Waiting and being released


@pytest.mark.django_db
def test_it_keeps_what_is_over_the_limit_and_lets_the_others_through(still_clock: Clock):
    say(1, 2, 3)
    say(7, user_id=BORIS)
    assert (logged(), logged(BORIS), deferring.waiting()) == ([1, 2], [7], {"phone": 1})
    assert limiting.counts == {("phone", "deferred"): 1}
    wait = DeferredEvent.objects.get().due_at - still_clock.real_now()
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


@pytest.mark.django_db
def test_it_releases_each_person_in_order_as_fast_as_the_limit_allows(hour_later: Callable[[], None]):
    say(1, 2, 3, 4, 5, 6, 7)
    assert (deferring.release_due(), logged()) == (0, [1, 2])
    hour_later()
    assert (deferring.release_due(), logged()) == (2, [1, 2, 3, 4])
    assert deferring.release_due() == 0
    hour_later()
    deferring.release_due()
    hour_later()
    deferring.release_due()
    assert (logged(), deferring.waiting()) == ([1, 2, 3, 4, 5, 6, 7], {})
    assert limiting.counts == {("phone", "deferred"): 5, ("phone", "released"): 5}


@pytest.mark.django_db
def test_it_releases_the_event_as_it_was_published(hour_later: Callable[[], None]):
    cause = say(0, source=None)[0]
    say(1, 2)
    with transaction.atomic():
        told = publish_many(
            [Publication(event=Happened(user_id=ANNA, number=3, text="é"), cause=cause, source="phone", key="k")]
        )[0]
    hour_later()
    deferring.release_due()
    row = StoredEvent.objects.get(event_id=told.event_id)
    assert row.payload == told.payload
    assert (row.key, row.user_id, row.occurred_at) == ("k", ANNA, told.occurred_at)
    assert (row.correlation_id, row.causation_id) == (cause.correlation_id, cause.event_id)


def test_the_relay_releases_and_the_event_reaches_its_subscribers(
    subscriber: Subscriber, numbers: Numbers, hour_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    say(1, 2, 3)
    drain(subscriber)
    hour_later()
    monkeypatch.setattr(Relay, "_drain_here", lambda self, subscriber, lanes: None)
    Relay().pass_once()
    drain(subscriber)
    assert numbers == [1, 2, 3]


@pytest.mark.django_db
def test_later_events_of_the_person_queue_up_behind_whatever_their_own_limit_says(hour_later: Callable[[], None]):
    say(1, 2, 3)
    say(4, source="tablet")
    limiting._limiters.clear()
    say(5)
    assert (logged(), deferring.waiting()) == ([1, 2], {"phone": 2, "tablet": 1})
    hour_later()
    deferring.release_due()
    hour_later()
    deferring.release_due()
    say(6)
    assert logged() == [1, 2, 3, 4, 5, 6]


@pytest.mark.django_db
def test_what_does_not_defer_passes_what_waits(hour_later: Callable[[], None]):
    say(1, 2, 3)
    say(8, source="program")
    say(9, source=None)
    assert logged() == [1, 2, 8, 9]


@pytest.mark.django_db
def test_what_follows_a_late_event_in_one_call_waits_too():
    with transaction.atomic():
        publish_many([Publication(event=Happened(user_id=ANNA, number=n), source="phone") for n in range(4)])
    assert (logged(), DeferredEvent.objects.count()) == ([0, 1], 2)


@pytest.mark.django_db
def test_a_sealed_event_waits_sealed_and_can_be_opened_when_it_is_released(hour_later: Callable[[], None]):
    say(1, 2)
    with transaction.atomic():
        told = publish(Confided(user_id=ANNA, text="a secret"), source="phone")
    assert DeferredEvent.objects.get().payload is None
    hour_later()
    deferring.release_due()
    [released] = log.read_events([StoredEvent.objects.get(event_id=told.event_id).id])
    assert (released.open_payload, released.fields) == (None, told.fields)


@pytest.mark.django_db
def test_publishing_again_under_a_key_returns_the_first_while_it_waits_and_after(hour_later: Callable[[], None]):
    say(1, 2)
    first = say(3, idempotency_key="once")[0]
    again = say(4, idempotency_key="once")[0]
    hour_later()
    deferring.release_due()
    after = say(5, idempotency_key="once", source=None)[0]
    assert [e.event_id for e in (again, after)] == [first.event_id] * 2
    assert (first.position, again.position) == (0, 0)
    assert logged() == [1, 2, 3]


@pytest.mark.django_db
def test_a_deferred_event_goes_with_the_transaction_that_published_it():
    say(1, 2)
    with transaction.atomic():
        publish(Happened(user_id=ANNA, number=3), source="phone")
        transaction.set_rollback(True)
    assert deferring.waiting() == {}


@pytest.mark.django_db
def test_bus_status_tells_how_much_waits(capsys: pytest.CaptureFixture[str]):
    say(1, 2, 3)
    call_command("bus_status")
    assert "deferred from phone: 1\n" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_key_whose_turn_has_not_come_keeps_no_other_from_being_looked_at(
    hour_later: Callable[[], None], still_clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(deferring, "KEYS_AT_ONCE", 1)
    for user_id in (ANNA, BORIS, CLARA):
        say(1, 2, 3, 4, 5, user_id=user_id)
    hour_later()
    # one key a pass: each is postponed once its limit is reached, so the next pass sees the next
    assert [deferring.release_due() for _ in range(4)] == [2, 2, 2, 0]


@pytest.mark.django_db
def test_one_key_that_cannot_be_released_holds_up_nobody_else(
    hour_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    say(1, 2, 3)
    say(1, 2, 3, user_id=BORIS)
    hour_later()
    move = deferring._move

    def fail_for_anna(numbers: list[int]) -> None:
        if DeferredEvent.objects.filter(number__in=numbers, user_id=ANNA).exists():
            raise DatabaseError("no")
        move(numbers)

    monkeypatch.setattr(deferring, "_move", fail_for_anna)
    assert (deferring.release_due(), logged(), logged(BORIS)) == (1, [1, 2], [1, 2, 3])
    assert deferring.waiting() == {"phone": 1}


@pytest.mark.django_db
def test_only_one_relay_releases_at_a_time(hour_later: Callable[[], None]):
    say(1, 2, 3)
    hour_later()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lane_lock(deferring.RELEASING, 0):
            held.set()
            done.wait(10)

    with alongside(hold):
        held.wait(10)
        assert deferring.release_due() == 0
        done.set()
    assert deferring.release_due() == 1


# Order, with publishers and the relay at it at once


def release_half_way(monkeypatch: pytest.MonkeyPatch, during: Callable[[], None]) -> None:
    """Release, and do something by another connection when the event is in the log and the commit is still to come."""
    move = deferring._move

    def move_and_wait(numbers: list[int]) -> None:
        move(numbers)
        together(during)

    monkeypatch.setattr(deferring, "_move", move_and_wait)
    deferring.release_due()
    monkeypatch.setattr(deferring, "_move", move)


def test_what_is_published_while_a_release_is_not_committed_queues_up_behind_it(
    committed_db: str, hour_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    say(1, 2, 3)
    hour_later()
    release_half_way(monkeypatch, lambda: say(4) and None)
    assert (logged(), deferring.waiting()) == ([1, 2, 3], {"phone": 1})
    say(5)
    hour_later()
    deferring.release_due()
    assert logged() == [1, 2, 3, 4, 5]


@pytest.mark.django_db
def test_it_would_overtake_if_what_waits_were_taken_away_before_it_is_in_the_log(
    hour_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    say(1, 2, 3)
    hour_later()
    with transaction.atomic():
        rows = deferring._lock_first(str(ANNA))
        [event] = DeferredEvent.objects.values_list("event_id", flat=True)
        DeferredEvent.objects.all().delete()
    say(4)
    with transaction.atomic():
        publish(Happened(user_id=ANNA, number=3), event_id=event)
    assert (len(rows), logged()) == (1, [1, 2, 4, 3])


class Person:
    """Somebody whose acts come from several processes at once, one after the other by the lock on the person's row."""

    def __init__(self, acts: int) -> None:
        self.acts, self.said = acts, 0

    def act(self) -> bool:
        """Say the next number; return whether there was one left."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(77)")
            if self.said == self.acts:
                return False
            publish(Happened(user_id=ANNA, number=self.said), source="phone")
            self.said += 1
        return True


def order_after_a_storm(monkeypatch: pytest.MonkeyPatch, *, acts: int, publishers: int = 3) -> list[int]:
    """Let publishers and two relays go at it; every third event is over a limit for a moment. Return the order."""
    dice, person, over = random.Random(5), Person(acts), threading.Event()
    monkeypatch.setattr(limiting, "ask", lambda source, user_id: dice.choice([0, 0, 0.001]))

    def publish_all() -> None:
        while person.act():
            pass

    def release_all() -> None:
        while not over.is_set():
            deferring.release_due()

    with alongside(lambda: together(release_all, release_all)):
        try:
            together(*[publish_all] * publishers)
            until(lambda: closing(lambda: not deferring.waiting()), what="the release")
        finally:
            over.set()
    return logged()


def test_it_keeps_the_order_of_a_person_whatever_publishers_and_relays_do(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
):
    assert order_after_a_storm(monkeypatch, acts=150) == list(range(150))
    assert limiting.counts["phone", "deferred"] > 10


def test_it_would_lose_the_order_if_publishers_did_not_ask_what_waits(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(deferring, "_waiting_keys", lambda keys: set[str]())
    order = order_after_a_storm(monkeypatch, acts=100)
    assert sorted(order) == list(range(100))
    assert order != sorted(order)


@pytest.mark.django_db
def test_it_asks_the_database_once_and_only_where_a_source_defers(
    still_clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
):
    envelopes = say(1, 2, 3, source=None)
    with django_assert_num_queries(0):
        assert deferring.judge([("program", e) for e in envelopes]) == {}
    with django_assert_num_queries(1):
        assert len(deferring.judge([("phone", e) for e in envelopes])) == 1


@pytest.mark.django_db
def test_what_waits_has_every_column_that_the_log_has():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
            " WHERE attrelid IN ('event_log'::regclass, 'event_deferred'::regclass) AND attnum > 0 AND NOT attisdropped"
        )
        rows = cursor.fetchall()
    log, deferred = ({row[1:] for row in rows if row[0] == table} for table in ("event_log", "event_deferred"))
    written = {column for column in log if column[0] not in ("id", "recorded_at")}
    assert written <= deferred
    assert {column[0] for column in written} == set(deferring._LOGGED.replace(" ", "").split(","))
