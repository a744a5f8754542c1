"""Errors that should pass (faults 35 to 38): charged to nobody while they may, and to the event that always meets them."""

import contextlib
import logging
import time
from collections.abc import Callable

import pytest
import redis
from django.conf import settings as configured
from django.db import DatabaseError, connection

from diana.events import Envelope, failures, passing
from diana.events.models import Cursor, Failure
from diana.events.relay import Relay
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Numbers, Register
from tests.events.messages import run_next, sent, waiting
from tests.events.people import ANNA, BORIS, LANE, drain, publish_numbers, publish_pairs
from tests.events.test_suspects import make_suspect


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def raise_code(code: str) -> None:
    """Have the server raise an error with this code."""
    run(f"DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{code}'; END $$")


def idle_too_long() -> None:
    run("SET idle_in_transaction_session_timeout = 20")
    time.sleep(0.1)
    run("SELECT 1")


FAULTS: dict[str, Callable[[], None]] = {
    "F35 deadlock": lambda: raise_code("40P01"),
    "F36 serialization failure": lambda: raise_code("40001"),
    "F37 lock timeout": lambda: raise_code("55P03"),
    "F38 statement timeout": lambda: run("SET LOCAL statement_timeout = 20", "SELECT pg_sleep(1)"),
}
# The connection ends with it, so that its test needs real commits.
IDLE = "F38 killed while idle in transaction"
ALL_FAULTS = FAULTS | {IDLE: idle_too_long}


class Meets:
    """A handler that meets the fault at the number 2, so many times, and notes the others."""

    __name__ = "meets"

    def __init__(self, numbers: Numbers, fault: Callable[[], None], times: float) -> None:
        self.numbers, self.fault, self.times, self.met = numbers, fault, times, 0

    def __call__(self, envelope: Envelope) -> None:
        number = envelope.fields["number"]
        if number == 2 and self.met < self.times:
            self.met += 1
            self.fault()
        self.numbers.append(number)


def drain_failing(subscriber: Subscriber, times: int) -> None:
    """Drain so often, as the relay would have it done; errors end a task and nothing else."""
    for _ in range(times):
        try:
            drain(subscriber)
        except DatabaseError:
            continue


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS)
def test_what_passes_is_charged_to_nobody(register: Register, numbers: Numbers, fault: str):
    subscriber = register(Meets(numbers, FAULTS[fault], configured.EVENTS_PASSING_ERRORS - 1))
    publish_numbers([1, 2, 3])
    make_suspect(subscriber)
    drain_failing(subscriber, configured.EVENTS_PASSING_ERRORS)
    # in one transaction the list keeps what was rolled back
    assert numbers[-2:] == [2, 3]
    assert not Failure.objects.exists()


def check_set_aside(subscriber: Subscriber, numbers: Numbers, handler: Meets) -> None:
    """Publish three, drain until the culprit is set aside; the others are handled."""
    publish_numbers([1, 2, 3])
    make_suspect(subscriber)
    drain_failing(subscriber, configured.EVENTS_PASSING_ERRORS + 1)
    failure = Failure.objects.get()
    assert numbers == [1, 3]
    assert (failure.status, failure.attempts, handler.met) == ("retrying", 1, configured.EVENTS_PASSING_ERRORS)
    assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).suspect_attempts == 0


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS)
def test_an_event_that_always_meets_it_is_set_aside_and_the_lane_goes_on(
    register: Register, numbers: Numbers, still_clock: Clock, fault: str
):
    handler = Meets(numbers, FAULTS[fault], 1e9)
    check_set_aside(register(handler), numbers, handler)


def test_an_event_that_always_has_its_connection_killed_is_set_aside(
    committed_db: str, register: Register, numbers: Numbers, still_clock: Clock
):
    handler = Meets(numbers, ALL_FAULTS[IDLE], 1e9)
    check_set_aside(register(handler), numbers, handler)


@pytest.mark.django_db
def test_it_would_hold_its_lane_for_ever_if_it_were_never_set_aside(
    register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(passing, "set_aside", lambda *_: False)
    subscriber = register(Meets(numbers, FAULTS["F38 statement timeout"], 1e9))
    publish_numbers([1, 2, 3])
    make_suspect(subscriber)
    drain_failing(subscriber, 3 * configured.EVENTS_PASSING_ERRORS)
    assert numbers == [1]


@pytest.mark.django_db
def test_what_was_set_aside_is_dead_after_its_attempts_and_holds_up_nobody(
    register: Register, numbers: Numbers, still_clock: Clock
):
    subscriber = register(Meets(numbers, FAULTS["F37 lock timeout"], 1e9), ordered=True)
    publish_pairs([(ANNA, 2), (ANNA, 3), (BORIS, 10)])
    make_suspect(subscriber)
    drain_failing(subscriber, configured.EVENTS_PASSING_ERRORS + 1)
    assert numbers == [10]
    for _ in range(configured.EVENTS_MAX_ATTEMPTS):
        still_clock.advance(configured.EVENTS_BACKOFF_MAX_SECONDS)
        drain_failing(subscriber, 1)
    failure = Failure.objects.get(status="dead")
    assert (failure.attempts, failure.error) == (configured.EVENTS_MAX_ATTEMPTS, "OperationalError: as if")
    assert numbers == [10, 3]


@pytest.mark.django_db
def test_what_was_set_aside_is_handled_once_the_trouble_is_over(
    register: Register, numbers: Numbers, still_clock: Clock
):
    subscriber = register(Meets(numbers, FAULTS["F37 lock timeout"], configured.EVENTS_PASSING_ERRORS + 2))
    publish_numbers([2])
    make_suspect(subscriber)
    for _ in range(configured.EVENTS_PASSING_ERRORS + 4):
        drain_failing(subscriber, 1)
        still_clock.advance(configured.EVENTS_BACKOFF_MAX_SECONDS)
    assert (numbers, Failure.objects.get().status) == ([2], "done")


@pytest.mark.django_db
def test_a_retry_is_charged_with_them_only_after_too_many_in_a_row(
    register: Register, numbers: Numbers, still_clock: Clock
):
    def fails_once_then_deadlocks(envelope: Envelope) -> None:
        numbers.append(1)
        if len(numbers) == 1:
            raise ValueError
        raise_code("40P01")

    subscriber = register(fails_once_then_deadlocks)
    publish_numbers([1])
    attempts = []
    for _ in range(configured.EVENTS_PASSING_ERRORS + configured.EVENTS_MAX_ATTEMPTS):
        drain_failing(subscriber, 1)
        attempts.append(Failure.objects.get().attempts)
        still_clock.advance(configured.EVENTS_BACKOFF_MAX_SECONDS)
    bound, most = configured.EVENTS_PASSING_ERRORS, configured.EVENTS_MAX_ATTEMPTS
    assert attempts == [1] * (bound + 1) + list(range(2, most + 1))
    assert Failure.objects.get().status == "dead"


@pytest.mark.django_db
def test_lost_connections_are_never_counted(register: Register, numbers: Numbers):
    subscriber = register(Meets(numbers, lambda: raise_code("57P01"), 30))
    publish_numbers([2])
    make_suspect(subscriber)
    drain_failing(subscriber, 30)
    assert not Failure.objects.exists()
    drain(subscriber)
    assert numbers == [2]


# An error that cannot be written down as it is must not hold up its lane either


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"], ids=["NUL", "surrogate"])
@pytest.mark.django_db
def test_an_error_that_postgresql_cannot_store_is_written_down_all_the_same(
    register: Register, numbers: Numbers, still_clock: Clock, text: str, monkeypatch: pytest.MonkeyPatch
):
    # pytest's own report could not carry the line that is logged from one process to the other.
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.setattr(logging.getLogger("diana.events.isolation"), "disabled", True)

    def fails(envelope: Envelope) -> None:
        if envelope.fields["number"] == 2:
            raise ValueError(text)
        numbers(envelope)

    subscriber = register(fails)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    assert Failure.objects.get().error in (r"ValueError: a\0b", "ValueError: a?b")
    assert numbers[-1] == 3


def test_an_error_whose_message_fails_is_described_all_the_same():
    class Mute(ValueError):
        def __str__(self) -> str:
            raise RuntimeError

    assert failures.describe(Mute()) == "Mute: (its message cannot be read)"


@pytest.mark.parametrize("after", [-1, float("nan"), float("inf"), 1e12])
@pytest.mark.django_db
def test_a_retry_at_no_possible_time_is_an_ordinary_failure(register: Register, still_clock: Clock, after: float):
    def asks(envelope: Envelope) -> None:
        raise failures.Retry(after=after)

    subscriber = register(asks)
    publish_numbers([1])
    drain(subscriber)
    failure = Failure.objects.get()
    assert (failure.status, failure.attempts) == ("retrying", 1)
    assert failure.error.startswith("ValueError: Retry takes after= from 0 to 31622400 seconds, not ")


# From the wake-up to the failures table


def test_the_relay_has_it_set_aside_by_itself(
    committed_db: str, register: Register, numbers: Numbers, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Relay, "_drain_here", lambda self, subscriber, lanes: None)
    subscriber = register(Meets(numbers, FAULTS["F38 statement timeout"], 1e9))
    publish_numbers([1, 2, 3])
    relay, passes = Relay(), 0
    while not Failure.objects.exists():
        sent()
        while waiting(broker):
            with contextlib.suppress(DatabaseError):
                run_next(broker)
        relay.pass_once()
        passes += 1
        assert passes < 30
    drain(subscriber)
    assert sorted(set(numbers)) == [1, 3]
    assert Failure.objects.get().status == "retrying"
