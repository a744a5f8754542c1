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
