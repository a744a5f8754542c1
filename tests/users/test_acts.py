"""Acts: their days and visits, and their events exactly once."""

from datetime import datetime, timedelta

import pytest

from apps.users import services
from apps.users.events import ActiveDay, Registered
from apps.users.models import Person
from diana.events import Event
from diana.events.models import StoredEvent
from tests.users.conftest import Published


def test_the_first_act_begins_a_day_and_a_visit(person: Person, now: datetime, published: Published) -> None:
    touched = services.touch(person_id=person.pk, occurred_at=now)
    assert touched.counted
    assert published(person.pk) == [("user.active_day", {"local_date": "2026-11-22"}), ("game.login", {})]
    person.refresh_from_db()
    assert (person.last_act_at, person.last_active_date) == (now, now.date())


def test_a_return_is_told_before_its_day(person: Person, now: datetime, published: Published) -> None:
    services.touch(person_id=person.pk, occurred_at=now - timedelta(days=8))
    services.touch(person_id=person.pk, occurred_at=now)
    assert published(person.pk)[2:] == [
        ("user.returned", {"days_away": 8}),
        ("user.active_day", {"local_date": "2026-11-22"}),
        ("game.login", {}),
    ]


def test_a_repeated_or_late_act_does_nothing(person: Person, now: datetime, published: Published) -> None:
    services.touch(person_id=person.pk, occurred_at=now)
    before = published(person.pk)
    assert not services.touch(person_id=person.pk, occurred_at=now).counted
    assert not services.touch(person_id=person.pk, occurred_at=now - timedelta(days=3)).counted
    assert published(person.pk) == before
    person.refresh_from_db()
    assert person.last_act_at == now


def test_flying_west_does_not_turn_the_days_back(person: Person, now: datetime, published: Published) -> None:
    services.set_timezone(person_id=person.pk, timezone="Pacific/Kiritimati", now=now)
    services.touch(person_id=person.pk, occurred_at=now)
    services.set_timezone(person_id=person.pk, timezone="Pacific/Niue", now=now)
    services.touch(person_id=person.pk, occurred_at=now + timedelta(hours=1))
    services.set_timezone(person_id=person.pk, timezone="Pacific/Kiritimati", now=now)
    services.touch(person_id=person.pk, occurred_at=now + timedelta(hours=2))
    assert published(person.pk, "user.active_day") == [("user.active_day", {"local_date": "2026-11-23"})]


def daily(person: Person, seen: list[datetime]) -> list[Event]:
    """Return two events; the local time they were asked for is the last one seen."""
    date = seen[-1].date().isoformat()
    return [ActiveDay(user_id=person.pk, local_date=f"given {date}"), Registered(user_id=person.pk, language="en")]


def test_an_act_publishes_what_it_is_given_after_what_it_begins(
    person: Person, now: datetime, published: Published
) -> None:
    services.set_timezone(person_id=person.pk, timezone="Asia/Tokyo", now=now)
    seen: list[datetime] = []
    late = now + timedelta(hours=5)

    def events(local: datetime) -> list[Event]:
        seen.append(local)
        return daily(person, seen)

    services.act(person_id=person.pk, occurred_at=late, key_prefix="update:9", events=events)
    assert (seen[0], seen[0].hour) == (late, 2)
    assert [payload for _, payload in published(person.pk)][1:] == [
        {"local_date": "2026-11-23"},
        {},
        {"local_date": "given 2026-11-23"},
        {"language": "en", "referrer": None},
    ]
    for event in StoredEvent.objects.filter(user_id=person.pk).exclude(type="user.timezone_changed"):
        assert (event.occurred_at, event.utc_offset_minutes) == (late, 540)


def test_an_act_repeated_changes_nothing(person: Person, now: datetime, published: Published) -> None:
    for _ in range(2):
        services.act(
            person_id=person.pk, occurred_at=now, key_prefix="update:9", events=lambda local: daily(person, [local])
        )
    assert len(published(person.pk)) == 4
    # even if another act came between
    services.act(person_id=person.pk, occurred_at=now + timedelta(days=1), key_prefix="update:10", events=lambda _: [])
    before = published(person.pk)
    services.act(
        person_id=person.pk, occurred_at=now, key_prefix="update:9", events=lambda local: daily(person, [local])
    )
    assert published(person.pk) == before


def test_an_act_whose_events_fail_leaves_nothing(person: Person, now: datetime, published: Published) -> None:
    def fail(local: datetime) -> list[Event]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        services.act(person_id=person.pk, occurred_at=now, key_prefix="update:9", events=fail)
    person.refresh_from_db()
    assert person.last_act_at is None
    assert published(person.pk) == []
