"""Database sessions that mean something, each cut while it is in use: what their locks promised still holds.

The sender's session is in test_senders.py, the poller's in tests/bot/test_polling.py, a publisher's in test_fence.py.
"""

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import redis
from django.db import DatabaseError, InterfaceError, connection, transaction

from diana.events import Envelope, log, presence, publish, waker, wakeups
from diana.events.locks import held_by_others, lane_lock
from diana.events.models import Cursor, StoredEvent
from diana.events.relay import Relay
from diana.events.subscriptions import Subscriber
from diana.events.work import BY_RELAY, work
from diana.periodic import run_once
from diana.periodic.models import Slot
from tests.events.conftest import Notes, Numbers, Register
from tests.events.declared import Happened
from tests.events.people import ANNA, LANE, publish_numbers
from tests.events.racing import alongside, closing, until
from tests.events.test_giving_back import cut_off

LOST = (DatabaseError, InterfaceError)
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


class CutOnce:
    """A handler that writes each number, and whose session is cut the first time, before or after it has written."""

    __name__ = "cut_once"

    def __init__(self, notes: Notes, superuser: psycopg.Connection, *, after: bool) -> None:
        self.notes, self.superuser, self.after, self.cut = notes, superuser, after, False

    def __call__(self, envelope: Envelope) -> None:
        if self.after:
            self.notes.add(envelope.fields["number"])
        if not self.cut:
            self.cut = True
            cut_off(self.superuser)
        if not self.after:
            self.notes.add(envelope.fields["number"])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("hint", [{}, BY_RELAY], ids=["task", "relay"])
def test_a_lane_whose_session_is_cut_is_free_at_once_and_each_effect_is_there_once(
    register: Register, notes: Notes, superuser: psycopg.Connection, broker: redis.Redis, after: bool, hint: dict
):
    subscriber = register(CutOnce(notes, superuser, after=after))
    publish_numbers([1, 2, 3])
    with pytest.raises(LOST):
        work(subscriber, [LANE], hint)
    connection.close()
    assert not held_by_others([subscriber.name], [LANE], pids=[])
    assert work(subscriber, [LANE], {}) == "idle"
    assert notes.all() == [1, 2, 3]


def test_two_that_work_on_a_lane_because_the_first_ones_lock_was_lost_have_one_effect(
    register: Register, notes: Notes, superuser: psycopg.Connection, broker: redis.Redis
):
    """The first goes on after its session was replaced; the row of the cursor is what makes an effect happen once."""

    def note(envelope: Envelope) -> None:
        notes.add(envelope.fields["number"])

    subscriber = register(note)
    publish_numbers([1, 2, 3])
    with lane_lock(subscriber.name, LANE) as held:
        assert held
        cut_off(superuser)
        connection.close()
        with alongside(lambda: work(subscriber, [LANE], {})):
            pass
        work(subscriber, [LANE], {})
    assert notes.all() == [1, 2, 3]
    assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).handled == 3


def test_a_waker_whose_session_is_cut_sends_what_it_was_given(
    subscriber: Subscriber, broker: redis.Redis, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
):
    """It asks the database about an event above the bound and loses its session; others' wake-ups are sent all the same."""
    bound = log.bound

    def cut_and_ask() -> int:
        monkeypatch.setattr(log, "bound", bound)
        cut_off(superuser)
        return bound()

    monkeypatch.setattr(log, "bound", cut_and_ask)
    asked = waker.waker()
    with asked._changed:
        asked.look_again(subscriber.name, LANE + 1, 1, {})
        asked._looks[subscriber.name, LANE + 1].at = 0.0
        asked.notify({(subscriber.name, LANE): {}})
    until(lambda: wakeups.raised_flags(subscriber.name, [LANE]), seconds=3, what="the wake-up")
    assert log.bound is bound
    asked.flush(1)


def test_a_relay_whose_session_is_cut_says_again_that_it_is_there(
    committed_db: str, superuser: psycopg.Connection, broker: redis.Redis
):
    watching = Relay()
    watching.pass_once()
    assert len(presence.relays()) == 1
    cut_off(superuser)
    with pytest.raises(LOST):
        watching.pass_once()
    connection.close()
    watching.pass_once()
    assert len(presence.relays()) == 1
    watching._pool.shutdown()


def test_a_worker_whose_session_is_cut_says_again_that_it_is_there(committed_db: str, superuser: psycopg.Connection):
    presence.announce_worker()
    cut_off(superuser)
    presence.announce_worker()
    connection.close()
    assert not presence.worker_runs()
    presence.announce_worker()
    assert presence.worker_runs()


@pytest.mark.parametrize("after", [False, True], ids=["before the act", "after the act"])
def test_a_slot_whose_session_is_cut_is_free_and_its_work_undone(
    notes: Notes, superuser: psycopg.Connection, after: bool
):
    def act() -> str:
        if not after:
            cut_off(superuser)
        notes.add(1)
        if after:
            cut_off(superuser)
        return "done"

    with pytest.raises(LOST):
        run_once("job", timedelta(hours=1), act, now=NOON)
    connection.close()
    assert (notes.all(), Slot.objects.count()) == ([], 0)
    assert run_once("job", timedelta(hours=1), lambda: notes.add(2) or "done", now=NOON) == "done"
    assert notes.all() == [2]


def test_a_publisher_whose_session_is_cut_holds_nobody_up(
    subscriber: Subscriber, numbers: Numbers, superuser: psycopg.Connection, broker: redis.Redis
):
    published, may_end = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def open_publisher() -> None:
        try:
            with transaction.atomic():
                publish(Happened(user_id=ANNA, number=1))
                published.set()
                assert may_end.wait(10)
                cut_off(superuser)
        except LOST as error:
            errors.append(error)

    with alongside(lambda: closing(open_publisher)):
        assert published.wait(10)
        publish_numbers([2])
        work(subscriber, [LANE], {})
        assert numbers == []
        may_end.set()
    until(lambda: log.bound() >= StoredEvent.objects.latest("id").id)
    work(subscriber, [LANE], {})
    assert (numbers, len(errors)) == ([2], 1)
