"""Times with a bonus, set by staff: a version of the bonuses each, never more together than is allowed."""

from datetime import datetime, timedelta

import pytest

from apps.gamification import selectors, services
from apps.gamification.models import Entry, MultiplierVersion
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from tests.gamification.acts import NOON, STAFF, award, message, person

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def add(basis_points: int, starts: datetime = NOON + HOUR, hours: int = 1, **more: str) -> MultiplierVersion:
    """Add a window as staff do, at NOON."""
    return services.add_event_window(
        basis_points=basis_points,
        starts=starts,
        ends=starts + hours * HOUR,
        reason="Fest",
        actor=STAFF,
        now=NOON,
        **more,
    )


def earned(who: int, at: datetime) -> int:
    """Return what a message earns at a moment."""
    before = selectors.balance(who)
    award(message(who), at=at)
    return selectors.balance(who) - before


def test_in_the_window_everything_earns_more_and_nothing_before_and_after() -> None:
    add(10_000)
    who = person()
    last = NOON + 2 * HOUR
    assert [earned(who, at) for at in (NOON, NOON + HOUR, last - timedelta(microseconds=1), last)] == [5, 10, 10, 5]
    assert Entry.objects.order_by("sequence")[1].multipliers == "event=10000"
    told = StoredEvent.objects.get(type="admin.multiplier_event_created")
    assert '"starts":"2026-03-11T13:00:00+00:00"' in told.payload
    assert AuditRecord.objects.get().act == "add_event_window"


def test_windows_overlap_up_to_what_is_allowed_together() -> None:
    add(6000, hours=3)
    add(4000, NOON + 2 * HOUR)
    with pytest.raises(services.InvalidWindow, match=r"At 2026-03-11 14:00 UTC the windows would give \+100\.01 %"):
        add(1, NOON + HOUR, hours=2)
    add(4000, NOON + 3 * HOUR)
    assert earned(person(), NOON + 2.5 * HOUR) == 10
    assert MultiplierVersion.objects.count() == 4


@pytest.mark.parametrize(
    ("basis_points", "starts", "hours"),
    [
        (0, NOON + HOUR, 1),
        (100_001, NOON + HOUR, 1),
        (1000, NOON - HOUR, 3),
        (1000, NOON + HOUR, 0),
        (1000, NOON + HOUR, -1),
    ],
)
def test_a_window_that_could_not_work_is_refused(basis_points: int, starts: datetime, hours: int) -> None:
    with pytest.raises(services.InvalidWindow):
        add(basis_points, starts, hours)
    assert MultiplierVersion.objects.count() == 1


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(services.InvalidWindow, match="time zone"):
        add(1000, (NOON + HOUR).replace(tzinfo=None))


def test_a_version_that_is_to_come_keeps_its_date_and_gets_the_window() -> None:
    later = NOON + timedelta(minutes=90)
    services.add_multiplier_version(active_from=later, config={"daily_cap": 12}, reason="r", actor=STAFF, now=NOON)
    add(10_000)
    who = person()
    assert [earned(who, NOON + HOUR), earned(who, later), earned(who, later)] == [10, 10, 4]


def test_windows_that_are_over_are_left_out_of_later_versions() -> None:
    add(1000)
    services.add_event_window(
        basis_points=2000,
        starts=NOON + 9 * HOUR,
        ends=NOON + 10 * HOUR,
        reason="r",
        actor=STAFF,
        now=NOON + 8 * HOUR,
    )
    assert [w["basis_points"] for w in MultiplierVersion.objects.latest("version").config["windows"]] == [2000]
    assert earned(person(), NOON + HOUR) == 6, "what happened in it keeps its bonus (5.5 points are 6)"


def test_a_form_sent_twice_adds_one() -> None:
    assert add(1000, key="k").version == add(1000, key="k").version == 2
