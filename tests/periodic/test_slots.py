"""run_once(): once a slot, whoever asks, and again when it failed."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.utils import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from diana.periodic import InvalidSlot, run_once, slot_of
from diana.periodic.models import Slot

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(
    st.floats(-(10**9), 5 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.timedeltas(timedelta(seconds=1), timedelta(days=30)),
)
def test_a_slot_holds_its_moment_and_begins_on_the_grid(now: datetime, period: timedelta) -> None:
    slot = slot_of(now, period)
    assert slot <= now < slot + period
    assert slot_of(slot, period) == slot


@pytest.mark.parametrize(
    ("job", "period", "now"),
    [("a", HOUR, NOON.replace(tzinfo=None)), ("a", timedelta(), NOON), ("", HOUR, NOON), ("x" * 101, HOUR, NOON)],
)
def test_it_refuses_what_has_no_slot(db: None, job: str, period: timedelta, now: datetime) -> None:
    with pytest.raises(InvalidSlot):
        run_once(job, period, lambda: None, now=now)


def test_it_works_once_a_slot(db: None) -> None:
    assert run_once("a", HOUR, lambda: "done", now=NOON) == "done"
    assert run_once("a", HOUR, lambda: "again", now=NOON + timedelta(minutes=59)) is None
    assert run_once("b", HOUR, lambda: "other", now=NOON) == "other"
    assert run_once("a", HOUR, lambda: "next", now=NOON + HOUR) == "next"


def test_it_does_not_repeat_a_slot_after_the_clock_was_set_back(db: None) -> None:
    run_once("a", HOUR, lambda: 1, now=NOON + HOUR)
    run_once("a", HOUR, lambda: 1, now=NOON)
    assert run_once("a", HOUR, lambda: 1, now=NOON + HOUR) is None


def test_a_failure_leaves_the_slot_free_and_nothing_done(db: None) -> None:
    def fail() -> None:
        Slot.objects.create(job="half done", slot_at=NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_once("a", HOUR, fail, now=NOON)
    assert not Slot.objects.exists()
    assert run_once("a", HOUR, lambda: "done", now=NOON) == "done"


def test_it_forgets_its_slots_of_more_than_400_days_ago(db: None) -> None:
    for days in (399, 401):
        Slot.objects.create(job="a", slot_at=NOON - timedelta(days=days))
    Slot.objects.create(job="b", slot_at=NOON - timedelta(days=401))
    run_once("a", HOUR, lambda: None, now=NOON)
    assert list(Slot.objects.filter(job="a").values_list("slot_at", flat=True).order_by("slot_at")) == [
        NOON - timedelta(days=399),
        NOON,
    ]
    assert Slot.objects.filter(job="b").exists()


def test_of_two_at_once_one_works(committed_db: str) -> None:
    together, started = threading.Barrier(2), []

    def beat(results: list[object]) -> None:
        together.wait()
        results.append(run_once("a", HOUR, lambda: started.append(1) or "done", now=NOON))
        connections.close_all()

    results: list[object] = []
    threads = [threading.Thread(target=beat, args=(results,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [None, "done"]
    assert len(started) == 1


def test_the_database_refuses_a_slot_twice(db: None) -> None:
    run_once("a", HOUR, lambda: None, now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO periodic_slot (job, slot_at) VALUES ('a', %s)", [NOON])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO periodic_slot (job, slot_at) VALUES ('', %s)", [NOON])
