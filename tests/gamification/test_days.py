"""Days that end without an act, streaks that freeze, break and are repaired: from the task to the screen's numbers."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.gamification import selectors, services, tasks
from apps.users.models import Person
from apps.users.services import touch
from diana import clock
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, STAFF, award, event, people, person

pytestmark = pytest.mark.django_db


def active(person_id: int, *days: int) -> None:
    """Have the person active on these days after NOON's date."""
    for day in days:
        touch(person_id=person_id, occurred_at=NOON + timedelta(days=day))
    drain(AWARDS)


def told(event_type: str) -> list[str]:
    """Return the local dates, or lengths, that events of the type tell."""
    fields = [e.payload for e in StoredEvent.objects.filter(type=event_type).order_by("id")]
    return [text.split('"local_date":"')[1][:10] if "local_date" in text else text for text in fields]


def end_days(day: float) -> int:
    """Run the task's work so many days after NOON, and let the accounts take it in."""
    published = tasks.end_days_of_everyone(NOON + timedelta(days=day))
    drain(AWARDS)
    return published


def test_a_date_without_an_act_is_frozen_twice_and_then_breaks_the_streak() -> None:
    somebody = person()
    active(somebody, 0, 1)
    assert [end_days(day) for day in (1, 1.9, 2, 2.6, 2.9, 3.6, 4.6, 5.6, 6.6)] == [0, 0, 0, 1, 0, 1, 1, 0, 0]
    assert told("game.day_ended") == ["2026-03-13", "2026-03-14", "2026-03-15"]
    assert told("game.streak_frozen") == ["2026-03-13", "2026-03-14"]
    assert StoredEvent.objects.get(type="game.streak_broken").payload == '{"days":2}'
    assert selectors.standing(somebody).streak_days == 0


def test_what_a_run_left_out_the_next_makes_up_for() -> None:
    somebody = person()
    active(somebody, 0)
    assert end_days(4) == 3
    assert end_days(4) == 0


def test_a_date_ends_where_the_person_is() -> None:
    somebody = person()
    Person.objects.filter(pk=somebody).update(timezone="Pacific/Honolulu")
    active(somebody, 0)  # 02:00 on the 11th
    honolulu = ZoneInfo("Pacific/Honolulu")
    just_before = datetime(2026, 3, 12, 23, 59, tzinfo=honolulu)
    assert tasks.end_days_of_everyone(just_before) == 0
    assert tasks.end_days_of_everyone(just_before + timedelta(minutes=1)) == 1


def test_twice_at_once_is_once() -> None:
    active(person(), 0)
    later = NOON + timedelta(days=1.6)
    assert tasks.end_days_of_everyone(later) == 1
    assert tasks.end_days_of_everyone(later) == 1, "the account has not heard of it yet"
    assert StoredEvent.objects.filter(type="game.day_ended").count() == 1


def test_the_task_works_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    active(person(), 0)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=1.6))
    assert tasks.end_days() == 1
    assert tasks.end_days() is None


def test_a_thousand_people_take_as_many_queries_as_three() -> None:
    numbers = []
    for size in (3, 40):
        for somebody in people(size):
            touch(person_id=somebody, occurred_at=NOON)
        drain(AWARDS)
        with CaptureQueriesContext(connection) as queries:
            tasks.end_days_of_everyone(NOON + timedelta(days=1.6))
        numbers.append(len(queries))
        drain(AWARDS)
    # known keys of those whose accounts have not moved on are read once more
    assert abs(numbers[0] - numbers[1]) <= 1


def test_a_late_act_gives_the_freeze_back() -> None:
    somebody = person()
    active(somebody, 0)
    end_days(1.6)
    award(event("user.active_day", somebody, local_date="2026-03-12"), at=NOON + timedelta(days=2))
    standing = selectors.streak(somebody, date(2026, 3, 13))
    assert (standing.days, standing.freezes_left) == (2, 2)


def test_a_streak_is_repaired_within_48_hours_and_pays_its_bonus_once() -> None:
    somebody = person()
    active(somebody, *range(7))
    end_days(10)
    assert selectors.standing(somebody).streak_days == 0
    now = NOON + timedelta(days=10)
    assert selectors.streak(somebody, now.date()).repair_until == date(2026, 3, 22)
    dates = services.repair_streak(person_id=somebody, reason="A fair one", actor=STAFF, now=now)
    again = services.repair_streak(person_id=somebody, reason="A fair one", actor=STAFF, now=now)
    assert dates == again == [date(2026, 3, 20)]
    drain(AWARDS)
    active(somebody, 10)
    assert selectors.standing(somebody).streak_days == 8
    assert AuditRecord.objects.filter(act="repair_streak").first()
    bonuses = [line for line in selectors.entries(somebody, 50).lines if line.rule == "streak_bonus"]
    assert [line.base for line in bonuses] == [50]
    with pytest.raises(services.NothingToRepair):
        services.repair_streak(person_id=somebody, reason="Again", actor=STAFF, now=now)


def test_nothing_is_repaired_too_late_or_where_nothing_broke() -> None:
    somebody = person()
    with pytest.raises(services.NothingToRepair):
        services.repair_streak(person_id=somebody, reason="r", actor=STAFF, now=NOON)
    active(somebody, 0)
    end_days(6)
    with pytest.raises(services.NothingToRepair):
        services.repair_streak(person_id=somebody, reason="r", actor=STAFF, now=NOON + timedelta(days=6))
