"""Which errors of PostgreSQL are charged to an event: those of its surroundings are not."""

from collections.abc import Callable

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now  # noqa: TID251  # leases, pauses and retries are work

from diana.events import Envelope, connections, deliveries
from diana.events.failures import is_passing, is_transient
from diana.events.models import Delivery, Failure
from tests.events.conftest import Clock, Numbers, Register
from tests.events.people import LANE, drain, publish_numbers
from tests.events.test_passing import drain_failing, raise_code, run

SURROUNDINGS = {
    "read-only server": "25006",
    "password refused": "28P01",
    "role refused": "28000",
    "prepared statement gone": "26000",
    "prepared statement of somebody else": "42P05",
    "database gone": "3D000",
    "disk full": "53100",
    "out of memory": "53200",
    "too many connections": "53300",
    "ended by an administrator": "57P01",
    "crash of another session": "57P02",
    "not accepting connections": "57P03",
    "database dropped": "57P04",
    "session rested for too long": "57P05",
    "input or output error": "58030",
    "configuration file": "F0000",
}
# Of these the transaction may be the cause: they are charged after a bounded number in a row.
PASSING = {"internal error": "XX000", "corrupted row": "XX001", "corrupted index": "XX002"}
OF_THE_EVENT = {
    "unique violation": "23505",
    "value too long": "22001",
    "no such column": "42703",
    "raised by a function": "P0001",
    "unsupported feature": "0A000",
    "too complex": "54001",
    "not allowed": "42501",
}


def raised_by(act: Callable[[], object]) -> DatabaseError:
    with pytest.raises(DatabaseError) as caught:
        act()
    return caught.value


@pytest.mark.django_db
@pytest.mark.parametrize("code", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_an_error_of_the_surroundings_is_transient(code: str):
    error = raised_by(lambda: raise_code(code))
    assert (is_transient(error), is_passing(error)) == (True, False)


@pytest.mark.django_db
@pytest.mark.parametrize("code", PASSING.values(), ids=PASSING)
def test_an_internal_error_is_passing(code: str):
    error = raised_by(lambda: raise_code(code))
    assert (is_transient(error), is_passing(error)) == (True, True)


@pytest.mark.django_db
@pytest.mark.parametrize("code", OF_THE_EVENT.values(), ids=OF_THE_EVENT)
def test_an_error_of_the_statement_is_charged(code: str):
    error = raised_by(lambda: raise_code(code))
    assert (is_transient(error), is_passing(error)) == (False, False)


@pytest.mark.django_db
def test_a_transaction_that_may_not_write_is_charged_to_nobody(register: Register, numbers: Numbers):
    def written_on_a_standby(envelope: Envelope) -> None:
        run("SET TRANSACTION READ ONLY", "DELETE FROM event_visit")

    subscriber = register(written_on_a_standby)
    publish_numbers([1])
    drain_failing(subscriber, 3)
    assert not Failure.objects.exists()


def test_a_delivery_is_never_given_up_because_nothing_can_be_written(
    committed_db: str, register: Register, settings, still_clock: Clock
):
    settings.EVENTS_MAX_ATTEMPTS = 2

    def answer(envelope: Envelope) -> None:
        with transaction.atomic():
            run("SET TRANSACTION READ ONLY", "DELETE FROM event_visit")

    subscriber = register(answer, external=True)
    publish_numbers([1])
    for _ in range(4):
        drain(subscriber)
        Delivery.objects.update(next_attempt_at=Now())
        deliveries.deliver(subscriber, [LANE], seconds=0)
    assert Delivery.objects.get().attempts > 2
    assert not Failure.objects.exists()


# The type of a column changes while prepared statements of the session return it


@pytest.fixture
def prepared(committed_db: str, superuser: psycopg.Connection) -> Callable[[], int]:
    """A statement that this session has prepared, whose result has another type since."""
    superuser.execute("CREATE TABLE widened (n smallint); INSERT INTO widened VALUES (7)")
    superuser.execute("GRANT SELECT ON widened TO diana_app")

    def read() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT n FROM widened")
            return cursor.fetchone()[0]

    for _ in range(8):
        read()
    superuser.execute("ALTER TABLE widened ALTER n TYPE bigint")
    return read


def test_a_stale_plan_is_transient_whatever_the_language_of_the_server(
    prepared: Callable[[], int], superuser: psycopg.Connection
):
    error = raised_by(prepared)
    assert error.__cause__.sqlstate == "0A000"  # type: ignore[union-attr]
    assert (is_transient(error), is_passing(error)) == (True, False)


def test_a_stale_plan_is_charged_to_nobody_and_met_once(
    prepared: Callable[[], int], register: Register, numbers: Numbers
):
    def handle(envelope: Envelope) -> None:
        numbers.append(prepared())

    subscriber = register(handle)
    publish_numbers([1])
    drain_failing(subscriber, 2)
    assert numbers == [7]
    assert not Failure.objects.exists()


def test_a_session_with_a_stale_plan_is_replaced_before_the_next_work(
    prepared: Callable[[], int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "RESTED_SECONDS", 60)
    connections.freshen_connections()
    raised_by(prepared)
    connections.freshen_connections()
    assert prepared() == 7


def test_a_delivery_that_meets_a_stale_plan_is_not_given_up(
    prepared: Callable[[], int], register: Register, numbers: Numbers, settings
):
    settings.EVENTS_MAX_ATTEMPTS = 1

    def answer(envelope: Envelope) -> None:
        numbers.append(prepared())

    subscriber = register(answer, external=True)
    publish_numbers([1])
    drain(subscriber)
    Delivery.objects.update(next_attempt_at=Now())
    deliveries.deliver(subscriber, [LANE], seconds=0)
    assert numbers == [7]
    assert not Failure.objects.exists()
