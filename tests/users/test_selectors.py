"""Reads about people: what they say, and that they do not grow with the number of people."""

from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import selectors, services
from apps.users.models import Person
from diana.audit import Actor


@pytest.fixture
def crowd(db: None, now: datetime) -> list[int]:
    """Twenty people, every second one VIP."""
    people = [Person(telegram_id=n, first_name=f"P{n}", created_at=now) for n in range(1, 21)]
    ids = [person.pk for person in Person.objects.bulk_create(people)]
    for person_id in ids[::2]:
        services.grant_vip(
            person_id=person_id, source="gift", days=3, reason="a", actor=Actor(None, "ana", "shell"), now=now
        )
    return ids


def test_a_profile_has_no_telegram_id(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(first_name="Ana", last_name="Ruiz", username="ana")
    profile = selectors.profile(person.pk)
    assert (profile.person_id, profile.name, profile.username) == (person.pk, "Ana Ruiz", "ana")
    assert "4242" not in repr(profile)


def test_an_unknown_person_has_none(db: None) -> None:
    with pytest.raises(selectors.UnknownPerson):
        selectors.profile(10**12)
    assert selectors.telegram_id(10**12) is None
    assert selectors.person_of(10**12) is None


def test_the_telegram_id_leads_both_ways(person: Person) -> None:
    assert selectors.telegram_id(person.pk) == 4242
    assert selectors.person_of(4242) == person.pk


def test_people_come_in_one_query(crowd: list[int], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        found = selectors.people([*crowd, 10**12])
    assert {person_id: found[person_id].name for person_id in crowd} == {p: f"P{n}" for n, p in enumerate(crowd, 1)}
    assert 10**12 not in found


def test_the_overview_takes_two_queries(
    crowd: list[int], now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        found = selectors.people_overview(crowd, now)
    assert [found[person_id].vip_until for person_id in crowd] == [now + timedelta(days=3), None] * 10


def test_local_days_are_those_on_the_clocks_of_the_people(crowd: list[int], now: datetime) -> None:
    Person.objects.filter(pk=crowd[0]).update(timezone="Pacific/Kiritimati")
    Person.objects.filter(pk=crowd[1]).update(timezone="Pacific/Honolulu")
    found = selectors.local_days(crowd[:3], now)
    assert [found[person][0] for person in crowd[:3]] == [840, -600, 0]
    assert [found[person][1] for person in crowd[:3]] == [
        (now + timedelta(minutes=minutes)).date() for minutes in (840, -600, 0)
    ]
    with pytest.raises(selectors.UnknownPerson):
        selectors.local_days([10**12], now)


def test_quiet_days_name_who_was_active_lately_in_pages_of_one_query(
    crowd: list[int], now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number, person in enumerate(crowd[:6]):
        day = now - timedelta(days=number * 2)
        Person.objects.filter(pk=person).update(last_act_at=day, last_active_date=day.date())
    with django_assert_num_queries(1):
        first = selectors.quiet_days(now, most=2, days=5, after=0)
    rest = selectors.quiet_days(now, most=9, days=5, after=first[-1].person_id)
    assert [quiet.person_id for quiet in [*first, *rest]] == crowd[:3]
    assert (first[1].today - first[1].last_active).days == 2
