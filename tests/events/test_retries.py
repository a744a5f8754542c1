"""Retries: when a failed event is tried again, when it is given up, and what staff can do then."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import psycopg
import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from diana.audit.actors import Actor
from diana.audit.models import AuditRecord
from diana.events import Envelope, Permanent, Retry, retries
from diana.events.failures import backoff_seconds, describe
from diana.events.models import Failure, StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Register
from tests.events.people import drain, publish_numbers

STAFF = Actor(None, "somebody", "command")

# When to try again


@given(attempts=st.integers(1, 10_000))
def test_it_waits_at_most_twice_as_long_after_each_attempt(attempts: int):
    bound = configured.EVENTS_BACKOFF_SECONDS * 2 ** min(attempts - 1, 100)
    assert 0 <= backoff_seconds(attempts) <= min(bound, configured.EVENTS_BACKOFF_MAX_SECONDS)


@given(attempts=st.integers(1, 50), after=st.floats(0, 1e6))
def test_it_obeys_a_handler_that_says_when(attempts: int, after: float):
    assert backoff_seconds(attempts, after=after) == after


def test_it_spreads_retries_over_the_whole_time_so_that_they_do_not_come_together():
    waits = [backoff_seconds(10) for _ in range(300)]
    bound = configured.EVENTS_BACKOFF_SECONDS * 2**9
    assert min(waits) < bound / 4
    assert max(waits) > bound * 3 / 4


def test_it_keeps_an_error_short_and_does_not_quote_rows():
    assert describe(ValueError("x" * 1000)) == f"ValueError: {'x' * 488}"
    assert describe(OperationalError("first line\nDETAIL: Key (name)=(Anna)")) == "OperationalError: first line"


# Failing and trying again


class Failing:
    """A handler that raises what the function returns, if anything, and counts its calls."""

    __name__ = "failing"

    def __init__(self, choose: Callable[[int], Exception | None]) -> None:
        self.choose, self.calls = choose, 0

    def __call__(self, envelope: Envelope) -> None:
        self.calls += 1
        if error := self.choose(self.calls):
            raise error


@pytest.mark.django_db
def test_it_tries_again_when_the_time_has_come_and_not_before(register: Register, still_clock: Clock):
    handler = Failing(lambda call: ValueError("bad luck") if call == 1 else None)
    subscriber = register(handler)
    publish_numbers([1])
    assert (drain(subscriber), handler.calls) == (0, 1)
    assert (drain(subscriber), handler.calls) == (0, 1)
    still_clock.advance(configured.EVENTS_BACKOFF_SECONDS)
    assert (drain(subscriber), handler.calls) == (1, 2)
    failure = Failure.objects.get()
    assert (failure.status, failure.attempts, failure.resolution) == ("done", 2, "handled")


@pytest.mark.django_db
def test_it_tries_again_when_the_handler_says(register: Register, still_clock: Clock):
    subscriber = register(Failing(lambda call: Retry(after=30) if call == 1 else None))
    publish_numbers([1])
    drain(subscriber)
    assert Failure.objects.get().next_attempt_at == still_clock.real_now() + timedelta(seconds=30)
    still_clock.advance(29)
    assert drain(subscriber) == 0
    still_clock.advance(1)
    assert drain(subscriber) == 1


def announced() -> list[dict[str, str]]:
    """Return the payloads of all announcements of dead letters."""
    rows = StoredEvent.objects.filter(type="system.delivery_dead").order_by("id")
    return [msgspec.json.decode(row.payload) for row in rows]


@pytest.mark.django_db
def test_it_gives_a_permanent_failure_up_at_once_and_says_so(register: Register):
    handler = Failing(lambda call: Permanent("no such person"))
    subscriber = register(handler)
    publish_numbers([1])
    drain(subscriber)
    failure = Failure.objects.get()
    assert (failure.status, handler.calls, failure.error) == ("dead", 1, "Permanent: no such person")
    assert announced() == [{"subscriber": subscriber.name, "event": str(failure.position)}]


def try_until_dead(subscriber: Subscriber, clock: Clock) -> None:
    for _ in range(configured.EVENTS_MAX_ATTEMPTS + 2):
        drain(subscriber)
        clock.advance(configured.EVENTS_BACKOFF_MAX_SECONDS)


@pytest.mark.django_db
def test_it_gives_up_after_the_last_attempt_and_says_so_once(register: Register, still_clock: Clock, settings):
    settings.EVENTS_MAX_ATTEMPTS = 3
    handler = Failing(lambda call: ValueError(f"attempt {call}"))
    subscriber = register(handler)
    publish_numbers([1])
    try_until_dead(subscriber, still_clock)
    failure = Failure.objects.get()
    assert (failure.status, failure.attempts, handler.calls) == ("dead", 3, 3)
    assert (failure.error, failure.next_attempt_at) == ("ValueError: attempt 3", None)
    assert len(announced()) == 1


@pytest.mark.django_db
def test_it_announces_no_dead_letter_about_a_dead_letter(register: Register, still_clock: Clock):
    subscriber = register(Failing(lambda call: Permanent("never")), "system.delivery_dead", "test.happened")
    publish_numbers([1])
    drain(subscriber)
    with transaction.atomic():
        retries.announce_dead(Failure(subscriber="x", position=1, type="system.delivery_dead", error=""))
    assert len(announced()) == 1


# Attempts are committed before they are made


def attempts_as_others_see_them(application: psycopg.Connection) -> int:
    row = application.execute("SELECT attempts FROM event_failure").fetchone()
    return row[0] if row else 0


def attempts_seen_during_attempts(register: Register, application: psycopg.Connection, clock: Clock) -> list[int]:
    """Fail three times; return what another connection saw during each attempt."""
    seen: list[int] = []

    def choose(call: int) -> Exception | None:
        seen.append(attempts_as_others_see_them(application))
        return ValueError("again") if call <= 3 else None

    subscriber = register(Failing(choose))
    publish_numbers([1])
    for _ in range(4):
        drain(subscriber)
        clock.advance(60)
    return seen


def test_it_counts_an_attempt_before_it_is_made(
    application: psycopg.Connection, register: Register, still_clock: Clock
):
    assert attempts_seen_during_attempts(register, application, still_clock) == [0, 2, 3, 4]


def test_it_would_count_it_too_late_in_one_transaction(
    application: psycopg.Connection, register: Register, still_clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retries, "_retry", transaction.atomic(retries._retry))
    assert attempts_seen_during_attempts(register, application, still_clock) == [0, 1, 2, 3]


def test_it_takes_an_attempt_back_that_failed_for_a_passing_reason(
    committed_db: str, register: Register, still_clock: Clock
):
    def choose(call: int) -> Exception | None:
        return (ValueError("mine"), OperationalError("not mine"), None)[call - 1]

    subscriber = register(Failing(choose))
    publish_numbers([1])
    drain(subscriber)
    still_clock.advance(60)
    with pytest.raises(OperationalError):
        drain(subscriber)
    assert Failure.objects.get().attempts == 1
    still_clock.advance(60)
    assert drain(subscriber) == 1


# Dead letters and staff


@pytest.fixture
def dead(db: None, register: Register) -> tuple[Subscriber, Failing]:
    """A subscriber with one dead letter, whose handler works from now on."""
    handler = Failing(lambda call: Permanent("never") if call == 1 else None)
    subscriber = register(handler)
    publish_numbers([1])
    drain(subscriber)
    return subscriber, handler


def test_it_gives_a_redriven_dead_letter_another_series_of_attempts(dead: tuple[Subscriber, Failing]):
    subscriber, handler = dead
    assert retries.redrive(Failure.objects.all(), reason="mended", actor=STAFF) == 1
    failure = Failure.objects.get()
    assert (failure.status, failure.attempts, failure.resolution) == ("retrying", 0, "redriven: mended")
    assert drain(subscriber) == 1
    assert (Failure.objects.get().status, handler.calls) == ("done", 2)


def test_it_redrives_once(dead: tuple[Subscriber, Failing]):
    retries.redrive(Failure.objects.all(), reason="mended", actor=STAFF)
    before = Failure.objects.values().get()
    assert retries.redrive(Failure.objects.all(), reason="again", actor=STAFF) == 0
    assert Failure.objects.values().get() == before
    assert AuditRecord.objects.values_list("act", "actor", "reason").get() == (
        "redrive_deliveries", "somebody", "mended",
    )  # fmt: skip


def test_it_discards_a_dead_letter_with_its_reason_for_good(dead: tuple[Subscriber, Failing]):
    subscriber, handler = dead
    assert retries.discard(Failure.objects.all(), reason="a test", actor=STAFF) == 1
    assert retries.discard(Failure.objects.all(), reason="again", actor=STAFF) == 0
    assert retries.redrive(Failure.objects.all(), reason="again", actor=STAFF) == 0
    assert (drain(subscriber), handler.calls) == (0, 1)
    assert Failure.objects.get().resolution == "discarded: a test"


@pytest.mark.django_db
def test_it_neither_redrives_nor_discards_what_is_still_tried(register: Register):
    subscriber = register(Failing(lambda call: Retry(after=60)))
    publish_numbers([1])
    drain(subscriber)
    assert retries.redrive(Failure.objects.all(), reason="no", actor=STAFF) == 0
    assert retries.discard(Failure.objects.all(), reason="no", actor=STAFF) == 0


# Errors that should pass


def test_a_retried_event_may_meet_so_many_passing_errors_and_not_one_more(
    committed_db: str, register: Register, still_clock: Clock
):
    def choose(call: int) -> Exception | None:
        if call > 1:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40P01'; END $$")
        return ValueError("mine")

    subscriber = register(Failing(choose))
    publish_numbers([1])
    drain(subscriber)
    for times in range(1, configured.EVENTS_PASSING_ERRORS + 1):
        still_clock.advance(60)
        with pytest.raises(OperationalError):
            drain(subscriber)
        assert Failure.objects.values_list("attempts", "passing_errors").get() == (1, times)
    still_clock.advance(60)
    drain(subscriber)
    assert Failure.objects.get().attempts == 2
