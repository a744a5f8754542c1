"""Moving domain time: database and file together, only forward over events, never in production."""

import threading
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.utils import ProgrammingError

from apps.gamification import services
from apps.gamification.models import Account, Entry
from apps.gamification.proof import standing, verifying
from diana import audit, clock, connected_role
from diana.audit.models import AuditRecord
from diana.clock import offset
from diana.clock.checks import check_database, check_file
from diana.clock.offset import ClockRefused, Offsets
from diana.events import release
from diana.events.models import Cursor, StoredEvent
from tests.gamification.acts import STAFF, award, daily, happen, person

EIGHT_DAYS = timedelta(days=8)
NONE = timedelta()


def move(wanted: timedelta) -> Offsets:
    """Move the clock and have this process look at once."""
    found = offset.set_offset(wanted)
    clock.follow(offset.offset_file())
    return found


def distance(moment: datetime) -> timedelta:
    """Return how far from real time the moment is, in whole minutes."""
    return timedelta(minutes=round((moment - clock.real_now()) / timedelta(minutes=1)))


@pytest.mark.parametrize("wanted", [EIGHT_DAYS, -EIGHT_DAYS, timedelta(days=1492, seconds=7, microseconds=3)])
def test_an_empty_database_takes_any_offset_and_gives_it_back(state: Path, wanted: timedelta) -> None:
    assert move(wanted) == move(wanted) == Offsets(wanted, wanted)
    assert clock.current_offset() == wanted
    assert move(NONE) == Offsets(NONE, NONE)
    assert list(state.iterdir()) == []


def test_from_the_first_event_on_it_only_goes_forward(state: Path) -> None:
    move(-EIGHT_DAYS)
    happen(daily(person()))
    assert move(NONE) == Offsets(NONE, NONE)
    assert move(EIGHT_DAYS) == Offsets(EIGHT_DAYS, EIGHT_DAYS)
    with pytest.raises(ClockRefused, match="8 days ahead, and the log has events"):
        move(EIGHT_DAYS - timedelta(seconds=1))
    assert offset.read_offsets() == Offsets(EIGHT_DAYS, EIGHT_DAYS)


def test_an_event_on_its_way_is_waited_for(state: Path, settings: Any) -> None:
    move(EIGHT_DAYS)
    refused: list[str] = []

    def turn_back() -> None:
        try:
            offset.set_offset(NONE)
        except ClockRefused as error:
            refused.append(str(error))
        finally:
            connections.close_all()

    somebody = person()
    with transaction.atomic():
        happen(daily(somebody))
        thread = threading.Thread(target=turn_back)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "It does not know yet whether there is an event."
    thread.join(10)
    assert len(refused) == 1


def test_domain_time_moves_and_work_does_not(state: Path) -> None:
    move(EIGHT_DAYS)
    award(daily(person()))
    record = transaction.atomic(lambda: audit.record(**ACT))()
    recorded = {
        "event": StoredEvent.objects.latest("id").recorded_at,
        "entry": Entry.objects.latest("id").recorded_at,
        "account": Account.objects.latest("pk").opened_at,
        "audit": record.at,
    }
    assert {what: distance(moment) for what, moment in recorded.items()} == dict.fromkeys(recorded, EIGHT_DAYS)
    assert {distance(row.moved_at) for row in Cursor.objects.filter(handled__gt=0)} == {NONE}


ACT: dict[str, Any] = {
    "actor": STAFF,
    "act": "a",
    "target": ("b", 1),
    "before": None,
    "after": None,
    "reason": "c",
}


def test_a_prepared_statement_follows(state: Path) -> None:
    with connection.cursor() as cursor:
        seen = []
        for wanted in (NONE, EIGHT_DAYS):
            move(wanted)
            # psycopg prepares what is repeated.
            for _ in range(12):
                cursor.execute("SELECT diana_now()")
                seen.append(distance(cursor.fetchone()[0]))
    assert seen == [NONE] * 12 + [EIGHT_DAYS] * 12


def test_ages_are_taken_in_domain_time(state: Path) -> None:
    move(EIGHT_DAYS)
    happen(daily(person()))
    lags = [seconds for _, lanes, _, seconds in release.lag() if lanes]
    assert lags
    assert all(0 <= seconds < 60 for seconds in lags)
    verifying.verify_everything()
    since = standing.read().verified_seconds
    assert since is not None
    assert 0 <= since < 60


def test_no_time_passes_where_the_reader_began_before_the_writer(state: Path) -> None:
    """An offset that is smaller than the one of a row stands for it: an age is never negative."""
    move(EIGHT_DAYS)
    happen(daily(person()))
    with connections["owner"].cursor() as cursor:
        cursor.execute(offset.function_with_offset())
    assert {seconds for _, lanes, _, seconds in release.lag() if lanes} == {0.0}


def test_the_application_cannot_move_it(state: Path) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), connection.cursor() as cursor:
        cursor.execute(offset.function_with_offset(EIGHT_DAYS))


@pytest.mark.parametrize("wanted", [EIGHT_DAYS, -EIGHT_DAYS])
def test_the_walls_of_the_audit_know_a_services_record_from_an_older_one(state: Path, wanted: timedelta) -> None:
    move(wanted)
    switch: dict[str, Any] = {"rule": "login", "reason": "r", "actor": STAFF, "now": clock.now()}
    services.set_rule_active(active=False, **switch)
    assert [row.reason for row in AuditRecord.objects.all()] == ["r"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('diana.audited', '1', true)")
        cursor.execute("UPDATE gamification_rule SET active = true WHERE key = 'login'")
    assert AuditRecord.objects.count() == 2, "The older record is not this transaction's."


# A start finds a file that does not fit.


def released(settings: Any) -> str:
    """Run the release and return what it printed."""
    out = StringIO()
    call_command("release", stdout=out)
    clock.follow(offset.offset_file())
    return out.getvalue()


def test_a_release_takes_the_databases_offset_over_that_of_the_file(state: Path, settings: Any) -> None:
    clock.write_offset(offset.offset_file(), EIGHT_DAYS)
    assert "The clock is not moved, as the database says." in released(settings)
    assert offset.read_offsets() == Offsets(NONE, NONE)
    move(EIGHT_DAYS)
    offset.offset_file().unlink()
    assert "8 days ahead" in released(settings)
    assert offset.read_offsets() == Offsets(EIGHT_DAYS, EIGHT_DAYS)
    assert "The clock" not in released(settings)


def test_a_release_mends_a_damaged_file(state: Path, settings: Any) -> None:
    offset.offset_file().write_text("{")
    released(settings)
    assert clock.current_offset() == NONE


# Production


@pytest.fixture
def production(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say that this is production, where the role that arranges tests would be refused."""
    monkeypatch.setattr(connected_role, "_accepted", True)
    settings.PRODUCTION = True


def test_production_refuses(state: Path, production: None) -> None:
    with pytest.raises(ClockRefused, match="production"):
        move(EIGHT_DAYS)
    with pytest.raises(CommandError, match="production"):
        call_command("clock", by=EIGHT_DAYS)
    assert offset.read_offsets() == Offsets(NONE, NONE)


def test_in_production_a_moved_clock_is_an_error(state: Path, settings: Any) -> None:
    move(EIGHT_DAYS)
    assert [*check_file(), *check_database(databases=["default"])] == []
    settings.PRODUCTION = True
    assert [found.id for found in [*check_file(), *check_database(databases=["default"])]] == [
        "clock.E001",
        "clock.E002",
    ]
    assert check_database() == []
    offset.align_file()
    assert offset.offset_file().exists(), "In production the file is nobody's to write."


def test_in_production_an_unmoved_clock_is_none(state: Path, production: None) -> None:
    assert [*check_file(), *check_database(databases=["default"])] == []


def test_a_move_whose_session_is_cut_lets_no_other_move_get_lost(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock ends with its session: another command moves the clock before the first has written the file."""
    move_database, moved = offset._move_database, []

    def cut_and_overtaken(wanted: timedelta) -> None:
        move_database(wanted)
        if not moved:
            moved.append(wanted)
            connections["owner"].close()
            offset.set_offset(2 * EIGHT_DAYS)
            connections["owner"].close()

    monkeypatch.setattr(offset, "_move_database", cut_and_overtaken)
    with pytest.raises(ClockRefused, match="run the command again"):
        offset.set_offset(EIGHT_DAYS)
    assert offset.read_offsets() == Offsets(2 * EIGHT_DAYS, 2 * EIGHT_DAYS)
