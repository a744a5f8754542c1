"""The fence: nobody reads past an event that may still appear, and nothing else holds delivery back."""

import random
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from django.db import DatabaseError, NotSupportedError, ProgrammingError, connection, connections, transaction
from psycopg import errors

from diana.events import adoption, agreement, log, publish
from diana.events.drain import drain_lane
from diana.events.locks import lane_lock
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Numbers, Register
from tests.events.declared import Happened
from tests.events.people import ANNA, LANE, drain, publish_numbers
from tests.events.racing import alongside, together

NO_FENCE = "ALTER TABLE event_log DISABLE TRIGGER event_log_fence"


def drain_beside_a_late_commit(subscriber: Subscriber) -> None:
    """Drain while an event with a lower id is open and a higher one is committed; then commit the lower and drain."""
    published, may_commit = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            publish(Happened(user_id=ANNA, number=1))
            published.set()
            assert may_commit.wait(10)

    with alongside(late):
        assert published.wait(10)
        publish_numbers([2])
        drain(subscriber)
        may_commit.set()
    drain(subscriber)


def test_it_does_not_skip_a_late_commit_with_a_lower_id(committed_db: str, register: Register, numbers: Numbers):
    drain_beside_a_late_commit(register(numbers))
    assert numbers == [1, 2]


def take_fence_away(superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the trigger off, and what would refuse to work without it."""
    superuser.execute(NO_FENCE)
    monkeypatch.setattr(agreement, "check_log", lambda: None)


def test_it_would_skip_a_late_commit_without_the_fence(
    superuser: psycopg.Connection, register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    take_fence_away(superuser, monkeypatch)
    drain_beside_a_late_commit(register(numbers))
    assert numbers == [2]


PUBLISHERS, EACH = 6, 40


def drain_beside_many_publishers(subscriber: Subscriber) -> None:
    """Drain one lane again and again while many publishers take their time before they commit."""
    open_publishers = threading.Semaphore(0)

    def publisher(number: int) -> Callable[[], None]:
        def act() -> None:
            for each in range(EACH):
                with transaction.atomic():
                    publish(Happened(user_id=ANNA, number=number * EACH + each))
                    time.sleep(random.uniform(0, 0.005))
            open_publishers.release()

        return act

    def drainer() -> None:
        ended = 0
        while ended < PUBLISHERS:
            ended += open_publishers.acquire(blocking=False)
            drain_once(subscriber)

    together(drainer, *map(publisher, range(PUBLISHERS)))
    drain_once(subscriber)


def drain_once(subscriber: Subscriber) -> None:
    with lane_lock(subscriber.name, LANE) as held:
        assert held
        drain_lane(subscriber, LANE)


def test_it_handles_everything_once_beside_many_publishers(committed_db: str, register: Register, numbers: Numbers):
    drain_beside_many_publishers(register(numbers))
    assert sorted(numbers) == list(range(PUBLISHERS * EACH))


def test_it_would_lose_events_beside_many_publishers_without_the_fence(
    superuser: psycopg.Connection, register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    take_fence_away(superuser, monkeypatch)
    drain_beside_many_publishers(register(numbers))
    assert len(numbers) < PUBLISHERS * EACH


BOUND_BY_TRANSACTION_ID = """
CREATE OR REPLACE FUNCTION event_log_bound(own boolean DEFAULT false) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(max(id), 1) FROM event_log
    WHERE xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
$$
"""


def handled_beside_a_long_transaction(application: psycopg.Connection, subscriber: Subscriber) -> int:
    """Return how many of one event a drain handles while a transaction that writes elsewhere is open."""
    with application.transaction():
        application.execute("INSERT INTO event_failure (subscriber, lane, position, key, type, status, attempts, error)"
                            " VALUES ('somebody.else', 0, 1, '', '', 'done', 0, '')")  # fmt: skip
        publish_numbers([1])
        return drain(subscriber)


def test_it_is_not_delayed_by_a_long_transaction_elsewhere(
    application: psycopg.Connection, register: Register, numbers: Numbers
):
    assert handled_beside_a_long_transaction(application, register(numbers)) == 1


def test_it_would_be_delayed_by_a_long_transaction_if_the_bound_were_a_transaction_id(
    application: psycopg.Connection, superuser: psycopg.Connection, register: Register, numbers: Numbers
):
    superuser.execute(BOUND_BY_TRANSACTION_ID)
    subscriber = register(numbers)
    assert handled_beside_a_long_transaction(application, subscriber) == 0
    assert drain(subscriber) == 1


def test_it_lets_a_transaction_read_its_own_events_only_when_asked(committed_db: str, register: Register):
    before = log.bound()
    with transaction.atomic():
        publish(Happened(user_id=ANNA, number=1))
        assert log.bound() == before
        assert log.bound(own=True) > before
    assert log.bound() > before


def test_it_frees_the_fence_of_a_savepoint_that_was_rolled_back(committed_db: str):
    with transaction.atomic():
        savepoint = transaction.savepoint()
        publish(Happened(user_id=ANNA, number=1))
        assert log.bound() < log.bound(own=True)
        transaction.savepoint_rollback(savepoint)
        assert log.bound() == log.bound(own=True)


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_it_refuses_to_publish_from_an_old_snapshot(committed_db: str, level: str):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        with pytest.raises(NotSupportedError, match="READ COMMITTED"):
            publish(Happened(user_id=ANNA))
        transaction.set_rollback(True)


def test_it_refuses_to_publish_and_to_deliver_when_the_sequence_was_set_back(
    superuser: psycopg.Connection, register: Register, numbers: Numbers
):
    subscriber = register(numbers)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    superuser.execute("SELECT setval('event_log_id_seq', 1, true)")
    with pytest.raises(DatabaseError, match=r"run manage\.py adopt_log"):
        publish_numbers([4])
    with pytest.raises(log.SequenceBehind, match=r"run manage\.py adopt_log"):
        drain(subscriber)


def test_it_goes_on_after_the_log_was_adopted(superuser: psycopg.Connection, register: Register, numbers: Numbers):
    subscriber = register(numbers)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    superuser.execute("SELECT setval('event_log_id_seq', 1, true)")
    assert adoption.adopt(dry_run=True) == adoption.adopt()
    assert adoption.adopt().sequences == []
    publish_numbers([4])
    drain(subscriber)
    assert numbers == [1, 2, 3, 4]


def test_it_would_deliver_nothing_new_if_a_sequence_that_was_set_back_were_trusted(
    superuser: psycopg.Connection, register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    subscriber = register(numbers)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    superuser.execute(f"{NO_FENCE}; DROP INDEX event_log_lane; ALTER TABLE event_log DROP CONSTRAINT event_log_pkey;"
                      " SELECT setval('event_log_id_seq', 1, true)")  # fmt: skip
    monkeypatch.setattr(log, "check_sequence", lambda position: None)
    publish_numbers([4])
    assert drain(subscriber) == 0


FORBIDDEN = [
    "INSERT INTO event_log (id, event_id) VALUES (7, gen_random_uuid())",
    "INSERT INTO event_log (event_id, recorded_at) VALUES (gen_random_uuid(), now())",
    "UPDATE event_log SET key = 'another'",
    "DELETE FROM event_log",
    "TRUNCATE event_log",
    "ALTER TABLE event_log DISABLE TRIGGER ALL",
    "DROP TABLE event_log",
    "CREATE OR REPLACE FUNCTION event_log_bound(own boolean DEFAULT false) RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
    "SELECT setval('event_log_id_seq', 1)",
    "SET session_replication_role = replica",
    "DELETE FROM event_key",
    "UPDATE event_parameter SET value = '32'",
]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_it_refuses_the_application_what_would_change_the_past(statement: str):
    with pytest.raises(ProgrammingError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert isinstance(caught.value.__cause__, errors.InsufficientPrivilege)


REWRITING = ["UPDATE event_log SET key = 'another'", "DELETE FROM event_log", "TRUNCATE event_log"]


@pytest.mark.parametrize("statement", REWRITING)
def test_it_refuses_to_rewrite_the_log_for_the_owner_and_for_the_superuser_too(
    superuser: psycopg.Connection, statement: str
):
    publish_numbers([1])
    with pytest.raises(DatabaseError, match="append-only"), connections["owner"].cursor() as cursor:
        cursor.execute(statement)
    superuser.execute("SET session_replication_role = replica")
    with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
        superuser.execute(statement)


@pytest.mark.parametrize("statement", REWRITING)
def test_it_could_be_rewritten_without_the_trigger(superuser: psycopg.Connection, statement: str):
    publish_numbers([1])
    superuser.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_append_only")
    superuser.execute(statement)
    kept = superuser.execute("SELECT count(*) FROM event_log WHERE key <> 'another'").fetchone()
    assert kept == (0,)
