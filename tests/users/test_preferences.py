"""Preferences: a closed schema, merged under the row's lock, bounded by the database."""

import threading
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import preferences as settable
from apps.users import selectors, services
from apps.users.models import Person
from apps.users.preferences import InvalidPreferences, Preferences
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW, Published

VALUES = {
    "notices": False,
    "quiet_from": 23,
    "quiet_until": 7,
    "reminders": False,
    "achievements": False,
    "levels": False,
    "referrals": False,
    "vip_changes": False,
}


def change(person: Person, **changes: object) -> Preferences:
    return services.change_preferences(person_id=person.pk, changes=changes, now=NOW)


def test_who_set_nothing_has_the_defaults(person: Person) -> None:
    assert selectors.preferences([person.pk, 999]) == {person.pk: Preferences(), 999: Preferences()}


def test_it_keeps_what_is_set_and_tells_the_keys(person: Person, published: Published) -> None:
    assert change(person, notices=False, quiet_from=20) == Preferences(notices=False, quiet_from=20)
    assert change(person, reminders=False).quiet_from == 20
    assert selectors.preferences([person.pk])[person.pk] == Preferences(notices=False, quiet_from=20, reminders=False)
    assert published(person.pk) == [
        ("user.preferences_changed", {"keys": ["notices", "quiet_from"]}),
        ("user.preferences_changed", {"keys": ["reminders"]}),
    ]


def test_what_changes_nothing_tells_nothing(person: Person, published: Published) -> None:
    change(person, notices=True)
    change(person)
    assert published(person.pk) == []


REFUSED: list[dict[Any, Any]] = [
    {"vip": True},
    {"vip_until": "2099-01-01"},
    {"balance": 1_000_000},
    {"is_staff": True},
    {"is_superuser": True},
    {"status": "active"},
    {"telegram_id": 1},
    {"preferences": {}},
    {"notices": 1},
    {"notices": "yes"},
    {"notices": None},
    {"quiet_from": True},
    {"quiet_from": 24},
    {"quiet_from": -1},
    {"quiet_from": 22.5},
    {"quiet_from": 10**4000},
    {"quiet_until": "8\x00"},
    {"quiet_until": "8" * 100_000},
    {"\x00": True},
    {"notices\x00": True},
    {"x" * 100_000: True},
    {7: True},
]


@pytest.mark.parametrize("changes", REFUSED, ids=lambda c: repr(c)[:30].encode("ascii", "backslashreplace").decode())
def test_what_is_no_preference_is_refused_with_the_cure(
    person: Person, changes: dict[Any, Any], published: Published
) -> None:
    before = Person.objects.values().get()
    with pytest.raises(InvalidPreferences, match=r"use one of notices|true or false|whole hour") as refused:
        services.change_preferences(person_id=person.pk, changes={"reminders": False, **changes}, now=NOW)
    assert len(str(refused.value)) < 200
    assert "\x00" not in str(refused.value)
    assert Person.objects.values().get() == before
    assert published(person.pk) == []


@given(
    st.dictionaries(st.text(max_size=12) | st.sampled_from(settable.KEYS), st.none() | st.booleans() | st.integers())
)
def test_whatever_is_asked_for_stays_within_the_schema(changes: dict[str, object]) -> None:
    try:
        stored = settable.merged({}, changes)
    except InvalidPreferences:
        return
    assert msgspec.convert(stored, Preferences) == settable.read(stored)


def test_what_another_release_stored_is_kept_and_not_read(person: Person) -> None:
    Person.objects.update(preferences={"colour": "red", "quiet_from": "late", "notices": False})
    assert selectors.preferences([person.pk])[person.pk] == Preferences(notices=False)
    change(person, reminders=False)
    person.refresh_from_db()
    assert person.preferences == {"colour": "red", "quiet_from": "late", "notices": False, "reminders": False}


@pytest.mark.parametrize("document", ["[]", "1", "null", '{"a": "' + "x" * 2000 + '"}'])
def test_the_database_takes_an_object_of_bounded_size_only(person: Person, document: str) -> None:
    with pytest.raises(IntegrityError, match=r"shape|not-null"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE users_person SET preferences = %s::jsonb", [document])


def test_changes_of_different_keys_at_the_same_time_all_survive(committed_db: str) -> None:
    person = Person.objects.create(telegram_id=4242, created_at=NOW)
    at_once(*[lambda k=k, v=v: change(person, **{k: v}) for k, v in VALUES.items()])
    assert selectors.preferences([person.pk])[person.pk] == Preferences(**VALUES)


def test_a_change_waits_for_the_one_before_it(committed_db: str) -> None:
    person, done = Person.objects.create(telegram_id=4242, created_at=NOW), threading.Event()

    def other() -> None:
        change(person, notices=False)
        done.set()
        connection.close()

    with transaction.atomic():
        change(person, quiet_from=20)
        thread = threading.Thread(target=other)
        thread.start()
        assert not done.wait(0.2)
    thread.join(10)
    assert selectors.preferences([person.pk])[person.pk] == Preferences(notices=False, quiet_from=20)


def test_fifty_people_take_one_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    people = [Person.objects.create(telegram_id=n, created_at=NOW).pk for n in range(1, 51)]
    with django_assert_num_queries(1):
        assert len(selectors.preferences(people)) == 50


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [((22, 8), {22, 23, *range(8)}), ((1, 3), {1, 2}), ((5, 5), set())],
    ids=["over midnight", "by night", "never"],
)
def test_quiet_hours_end_before_their_last(hours: tuple[int, int], quiet: set[int]) -> None:
    chosen = Preferences(quiet_from=hours[0], quiet_until=hours[1])
    assert {hour for hour in range(24) if chosen.is_quiet(hour)} == quiet
