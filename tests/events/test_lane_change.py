"""Another number of lanes: everything exactly once and in order per person, before, between and after; or nothing at all."""

import io
import json
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from diana import clock
from diana.events import Envelope, Permanent, Publication, agreement, lane_change, lanes, publish_many
from diana.events.models import Cursor, Failure, StoredEvent, Visit
from diana.events.testing import drain
from tests.conftest import close_connections
from tests.events.conftest import Register
from tests.events.declared import Elsewhere, Happened

PEOPLE = range(1, 41)


class Diary:
    """A handler that remembers for each person the numbers it was given."""

    def __init__(self) -> None:
        self.__name__ = self.__qualname__ = "diary"
        self.pages: dict[int, list[int]] = {}
        self.fails_at = -1

    def __call__(self, envelope: Envelope) -> None:
        if envelope.fields["number"] == self.fails_at:
            raise Permanent("this one never")
        assert envelope.user_id is not None
        self.pages.setdefault(envelope.user_id, []).append(envelope.fields["number"])


@pytest.fixture
def diary(committed_db: str, register: Register) -> Diary:
    """A subscriber that wants Happened only."""
    diary = Diary()
    register(diary)
    return diary


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have this process work with so many lanes, as if it had been started with that EVENTS_LANES."""

    def with_lanes(number: int) -> None:
        close_connections()
        for name, module in list(sys.modules.items()):
            if name.startswith("diana.events") and hasattr(module, "LANES"):
                monkeypatch.setattr(module, "LANES", number)

    return with_lanes


def live(random: Random, numbers: Iterator[int]) -> None:
    """Let every person do a few things, in an order of chance; some of it concerns nobody."""
    doers = [person for person in PEOPLE for _ in range(3)]
    random.shuffle(doers)
    events = [Happened(user_id=person, number=next(numbers)) for person in doers]
    with transaction.atomic():
        publish_many([Publication(event=event) for event in [*events, Elsewhere(user_id=3), Elsewhere()]])


def change(number: int, **options: Any) -> str:
    """Run the command as an operator would whose sessions are this process's own, and return what it said."""
    close_connections()
    out = io.StringIO()
    call_command("change_lanes", str(number), force=True, stdout=out, **options)
    return out.getvalue()


def wall() -> str:
    """Return how the trigger that keeps the log append-only is enabled."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'event_log_append_only'")
        return str(cursor.fetchone()[0])


def test_every_event_is_handled_once_and_in_order_over_two_changes(diary: Diary, settle: Any):
    random, numbers = Random(6), iter(range(10_000))
    live(random, numbers)
    for number in (5, 16):
        drain()
        live(random, numbers)
        drain()
        handled = sum(Cursor.objects.filter(subscriber="test.diary").values_list("handled", flat=True))
        assert change(number).splitlines()[-1] == f"set EVENTS_LANES={number} for all processes, then start them"
        settle(number)
        assert all(e.lane == lanes.lane_of(e.key) for e in StoredEvent.objects.all())
        rows = Cursor.objects.filter(subscriber="test.diary")
        assert sorted(rows.values_list("lane", flat=True)) == list(range(number))
        assert sum(rows.values_list("handled", flat=True)) == handled
        live(random, numbers)
    drain()
    expected: dict[int, list[int]] = {}
    for event in StoredEvent.objects.filter(type=Happened.type).order_by("id"):
        assert event.user_id is not None
        expected.setdefault(event.user_id, []).append(_number(event))
    assert sum(map(len, expected.values())) == 5 * 3 * len(PEOPLE)
    assert diary.pages == expected
    assert wall() == "A"


def _number(event: StoredEvent) -> int:
    return int(json.loads(str(event.payload))["number"])


def test_it_says_what_waits_and_changes_nothing(diary: Diary):
    live(Random(1), iter(range(1000)))
    with pytest.raises(CommandError, match=r"test\.diary has 120 events.*Start the workers"):
        change(5)
    assert agreement.lanes_of_log() == 16


def test_it_refuses_while_sessions_are_connected(diary: Diary, application: psycopg.Connection):
    application.execute("SELECT 1")
    close_connections()
    with pytest.raises(lane_change.NotNow, match=r"1 of diana_app.*Stop web, door, workers"):
        lane_change.change_lanes(5)


def test_it_refuses_cursors_of_other_code(diary: Diary):
    Cursor.objects.filter(subscriber="test.diary").update(fingerprint="another")
    with pytest.raises(CommandError, match=r"test\.diary belong to other code.*sync_subscribers"):
        change(5)


def test_a_dry_run_takes_everything_back(diary: Diary):
    live(Random(2), iter(range(1000)))
    drain()
    before = list(StoredEvent.objects.order_by("id").values_list("id", "lane"))
    Visit.objects.create(
        subscriber="test.diary", lane=15, first_position=1, last_position=2, events=2, outcome="handled", attempt=1,
        process="worker@host 1", started_at=clock.now(), milliseconds=1.0,
    )  # fmt: skip
    assert change(5, dry_run=True).startswith("would change 16 lanes to 5: ")
    assert Visit.objects.exists(), "what only looks on stands in nobody's way, and is taken back too"
    assert list(StoredEvent.objects.order_by("id").values_list("id", "lane")) == before
    assert agreement.lanes_of_log() == 16
    assert wall() == "A"


def test_a_crash_in_the_middle_leaves_everything_as_it_was(
    diary: Diary, monkeypatch: pytest.MonkeyPatch, superuser: psycopg.Connection
):
    live(Random(3), iter(range(1000)))
    drain()
    before = list(StoredEvent.objects.order_by("id").values_list("id", "lane"))

    def end_the_session(cursor: psycopg.Cursor, *_: object) -> None:
        superuser.execute("SELECT pg_terminate_backend(%s)", [cursor.connection.info.backend_pid])

    monkeypatch.setattr(lane_change, "_join_cursors", end_the_session)
    with pytest.raises(Exception, match="terminat"):
        change(5)
    close_connections()
    assert list(StoredEvent.objects.order_by("id").values_list("id", "lane")) == before
    assert (agreement.lanes_of_log(), wall()) == (16, "A")
    live(Random(4), iter(range(1000, 2000)))
    drain()
    assert sum(map(len, diary.pages.values())) == 240


def test_dead_letters_follow_their_person(diary: Diary, settle: Any):
    diary.fails_at = 7
    live(Random(5), iter(range(1000)))
    drain()
    change(5)
    settle(5)
    [dead] = Failure.objects.filter(status="dead")
    assert dead.lane == lanes.lane_of(dead.key)
    diary.fails_at = -1
    call_command("redrive", "--reason", "mended", stdout=io.StringIO())
    drain()
    assert 7 in diary.pages[int(dead.key)]


def test_code_with_another_number_may_neither_publish_nor_drain(diary: Diary, settle: Any):
    live(Random(7), iter(range(1000)))
    settle(5)
    with pytest.raises(agreement.LanesDiffer, match=r"The log has 16 lanes, this process 5: set EVENTS_LANES=16"):
        live(Random(7), iter(range(1000)))
    with pytest.raises(agreement.LanesDiffer):
        drain()
    assert diary.pages == {}
    assert not Failure.objects.exists()
