"""Visits: which process handled what, kept after the commit and nowhere else; without the setting not one statement."""

import os
import socket
from typing import Any

import psycopg
import pytest
from celery import current_app
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from diana.events import Envelope, Permanent, Retry, together, visits, work
from diana.events.failures import Postponed
from diana.events.lanes import lane_of
from diana.events.locks import lane_locks
from diana.events.models import Failure, StoredEvent, Visit
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Notes, Numbers, Register
from tests.events.people import ANNA, BORIS, LANE, drain, publish_numbers, publish_pairs
from tests.events.test_suspects import Killed

pytestmark = pytest.mark.usefixtures("committed_db")
ME = f"@{socket.gethostname()} {os.getpid()}"


@pytest.fixture(autouse=True)
def _kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EVENTS_KEEP_VISITS = True
    monkeypatch.setattr(visits._Writing, "rows", None)
    monkeypatch.setattr(visits._Writing, "resting_until", 0.0)


def kept() -> list[tuple[Any, ...]]:
    """Return what was kept: subscriber, lane, first and last event of the test (from 1), events, outcome, attempt."""
    before = StoredEvent.objects.filter(type="test.happened").order_by("id").values_list("id", flat=True)[0] - 1
    return [
        (v.subscriber, v.lane, v.first_position - before, v.last_position - before, v.events, v.outcome, v.attempt)
        for v in Visit.objects.order_by("id")
    ]


def statements(subscriber: Subscriber) -> list[str]:
    """Return the statements that draining the lane takes."""
    with CaptureQueriesContext(connection) as captured:
        drain(subscriber)
    return [query["sql"] for query in captured]


def test_it_keeps_one_row_for_a_batch_of_a_lane(subscriber: Subscriber):
    publish_numbers([1, 2, 3])
    publish_numbers([4], user_id=BORIS)
    drain(subscriber)
    assert kept() == [(subscriber.name, LANE, 1, 4, 4, "handled", 1)]
    [visit] = Visit.objects.all()
    [seen] = visits.of_events([(visit.first_position + 1, LANE)])
    assert seen.process.endswith(ME)
    assert seen.task_id is None
    assert 0 < seen.milliseconds < 10_000
    assert visits.of_events([(visit.last_position + 1, LANE), (visit.first_position, LANE + 1)]) == []


@pytest.mark.parametrize("external", [False, True])
def test_without_the_setting_there_is_not_one_statement_more(
    register: Register, numbers: Numbers, settings: Any, external: bool
):
    subscriber = register(numbers, external=external)
    with CaptureQueriesContext(connection):
        publish_numbers([0])
        drain(subscriber)  # connections and caches are warm now
    Visit.objects.all().delete()
    settings.EVENTS_KEEP_VISITS = False
    publish_numbers([1, 2])
    without = statements(subscriber)
    assert not any("event_visit" in statement for statement in without)
    assert kept() == []
    settings.EVENTS_KEEP_VISITS = True
    publish_numbers([3, 4])
    more = [statement for statement in statements(subscriber) if "event_visit" in statement]
    # A key's deliveries are made one after the other.
    assert len(more) == (2 if external else 1)


def test_one_statement_keeps_the_visit_of_many_lanes(subscriber: Subscriber):
    publish_pairs([(person, person) for person in range(1, 9)])
    lanes = sorted({lane_of(str(person)) for person in range(1, 9)})
    with CaptureQueriesContext(connection) as captured, lane_locks(subscriber.name, lanes) as held:
        together.drain_lanes(subscriber, held)
    written = [q["sql"] for q in captured if "INSERT INTO event_visit" in q["sql"]]
    assert len(written) == 1
    assert sorted(row[1] for row in kept()) == lanes
    assert sum(row[4] for row in kept()) == 8


def test_what_was_rolled_back_was_no_visit(register: Register, notes: Notes, settings: Any):
    settings.EVENTS_MAX_ATTEMPTS = 1

    def fails_late(envelope: Envelope) -> None:
        notes.add(7)  # the second one is refused at the commit

    subscriber = register(fails_late)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    assert notes.all() == [7]
    assert [row[2:6] for row in kept()] == [(1, 1, 1, "handled"), (2, 3, 2, "failed")]


def test_a_deadlock_leaves_no_visit(register: Register):
    def deadlocks(envelope: Envelope) -> None:
        raise OperationalError("deadlock detected")

    subscriber = register(deadlocks)
    publish_numbers([1])
    with pytest.raises(OperationalError):
        drain(subscriber)
    assert kept() == []


def test_it_tells_failed_held_and_handled_apart(register: Register, numbers: Numbers):
    def fails(envelope: Envelope) -> None:
        if envelope.fields["number"] == 2:
            raise Retry("not yet", after=0)

    subscriber = register(fails, ordered=True)
    publish_numbers([1, 2, 3])
    publish_numbers([4], user_id=BORIS)
    with lane_locks(subscriber.name, [LANE]):
        together.drain_lanes(subscriber, [LANE], seconds=0)
    assert [row[2:] for row in kept()] == [
        (1, 1, 1, "handled", 1),
        (2, 2, 1, "failed", 1),
        (3, 3, 1, "held", 1),
        (4, 4, 1, "handled", 1),
    ]


def test_each_retry_is_a_visit_with_its_number(register: Register, numbers: Numbers):
    errors = [ValueError("once"), ValueError("twice"), None]

    def recovers(envelope: Envelope) -> None:
        if error := errors.pop(0):
            raise error

    subscriber = register(recovers)
    publish_numbers([1])
    for _ in range(3):
        drain(subscriber)
        Failure.objects.update(next_attempt_at="2026-01-01T00:00:00Z")
    assert [row[4:] for row in kept()] == [(1, "failed", 1), (1, "failed", 2), (1, "handled", 3)]


def test_deliveries_say_how_they_went(register: Register, numbers: Numbers):
    errors = {1: Postponed("later", after=60), 2: Permanent("never"), 3: None}

    async def sends(envelope: Envelope) -> None:
        if error := errors[envelope.fields["number"]]:
            raise error

    people = [ANNA, BORIS, *[p for p in range(BORIS + 1, 10_000) if lane_of(str(p)) == LANE][:1]]
    subscriber = register(sends, external=True)
    publish_pairs([(person, number) for number, person in enumerate(people, 1)])
    drain(subscriber)
    assert sorted(row[2:] for row in kept()) == [
        (1, 1, 1, "postponed", 1),
        (2, 2, 1, "failed", 1),
        (3, 3, 1, "delivered", 1),
    ]


def test_a_task_leaves_its_id(subscriber: Subscriber):
    publish_numbers([1])
    task = current_app.tasks[subscriber.name]
    task.push_request(id="the-id-of-a-task", called_directly=False)
    from celery._state import _task_stack

    _task_stack.push(task)
    try:
        work.work(subscriber, [LANE], {})
    finally:
        _task_stack.pop()
        task.pop_request()
    assert Visit.objects.get().task_id == "the-id-of-a-task"


def test_a_killed_process_leaves_no_visit_and_nobody_takes_its_place(
    notes: Notes, register: Register, monkeypatch: pytest.MonkeyPatch
):
    at_work = [True]

    def handles(envelope: Envelope) -> None:
        notes.add(envelope.fields["number"])
        if at_work.pop():
            raise Killed

    subscriber = register(handles)
    publish_numbers([1])
    with pytest.raises(Killed):
        drain(subscriber)
    assert (notes.all(), kept()) == ([], [])

    def end(*_: Any) -> None:
        raise Killed

    at_work += [False, False]
    with monkeypatch.context() as patch:
        patch.setattr(visits, "write", end)
        with pytest.raises(Killed):
            drain(subscriber)
    publish_numbers([2])
    drain(subscriber)
    # The first one was committed by whoever was killed then: its visit is missing, and is nobody else's.
    assert notes.all() == [1, 2]
    assert [row[2:6] for row in kept()] == [(2, 2, 1, "handled")]


def test_a_table_that_cannot_be_written_costs_one_try(subscriber: Subscriber, superuser: psycopg.Connection):
    superuser.execute("ALTER TABLE event_visit RENAME TO elsewhere")
    publish_numbers([1])
    assert drain(subscriber) == 1
    publish_numbers([2])
    tried = [statement for statement in statements(subscriber) if "event_visit" in statement]
    assert tried == []


def test_it_is_bounded_by_rows_and_by_age(subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch, settings: Any):
    monkeypatch.setattr(visits, "KEPT_ROWS", 5)
    monkeypatch.setattr(visits, "PRUNED_AFTER_ROWS", 3)
    for number in range(20):
        publish_numbers([number])
        drain(subscriber)
        assert Visit.objects.count() <= 5 + 3
    assert kept()[-1][3] == 20
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_visit (subscriber, lane, first_position, last_position, events, outcome, attempt, process,"
            " started_at, milliseconds) VALUES ('old', 1, 1, 1, 1, 'handled', 1, 'x', now() - interval '25 hours', 1)"
        )
    visits.prune()
    assert not Visit.objects.filter(subscriber="old").exists()
    settings.EVENTS_KEEP_VISITS = False
    visits.prune()
    assert kept() == []


def test_the_table_is_unlogged_and_the_application_changes_no_row(application: psycopg.Connection):
    [(kind,)] = application.execute("SELECT relpersistence FROM pg_class WHERE relname = 'event_visit'").fetchall()
    assert kind in ("u", b"u")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("UPDATE event_visit SET process = 'somebody'")
