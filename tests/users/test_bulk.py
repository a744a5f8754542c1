"""Many people at once: as many statements for fifty as for one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.users import selectors, services
from apps.users.models import Person
from apps.users.services import Newcomer
from diana.events.models import StoredEvent
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW, Published


def crowd(first: int, count: int) -> list[Newcomer]:
    return [Newcomer(n, f"Ana {n}", "", f"ana_{n}", "es-419") for n in range(first, first + count)]


def queries(act: object) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()  # type: ignore[operator]
    return len(captured)


def test_it_registers_them_all_and_tells_each(db: None, published: Published) -> None:
    ids = services.register_many(newcomers=crowd(1, 50), now=NOW)
    assert sorted(ids) == list(range(1, 51))
    person = Person.objects.get(telegram_id=7)
    assert (person.full_name, person.username, person.language, person.registered_at) == ("Ana 7", "ana_7", "es", NOW)
    assert published(person.pk) == [("user.registered", {"language": "es", "referrer": None})]
    assert StoredEvent.objects.count() == 50


def test_a_second_call_and_a_double_change_nothing(db: None) -> None:
    ids = services.register_many(newcomers=[*crowd(1, 3), Newcomer(1, "Other")], now=NOW)
    assert services.register_many(newcomers=[Newcomer(1, "New name"), *crowd(2, 2)], now=NOW) == ids
    assert Person.objects.get(telegram_id=1).first_name == "Ana 1"
    assert StoredEvent.objects.count() == 3


def test_a_bare_person_is_registered_and_keeps_what_is_known(person: Person) -> None:
    Person.objects.update(first_name="Eva", visibility="alias")
    services.register_many(newcomers=[Newcomer(4242, "Ana", username="ana")], now=NOW)
    person.refresh_from_db()
    assert (person.first_name, person.username, person.visibility) == ("Eva", "ana", "alias")


def test_the_number_of_statements_does_not_grow(db: None) -> None:
    one = queries(lambda: services.register_many(newcomers=crowd(1, 1), now=NOW))
    assert queries(lambda: services.register_many(newcomers=crowd(100, 50), now=NOW)) == one
    assert one <= 10
    ids = list(Person.objects.values_list("pk", flat=True))
    reads = queries(lambda: selectors.people_overview(ids[:1], NOW))
    assert queries(lambda: selectors.people_overview(ids, NOW)) == reads == 2


@pytest.mark.parametrize("wrong", [0, -100, 2**63, 777_000])
def test_nothing_is_written_if_one_is_none(db: None, wrong: int) -> None:
    with pytest.raises(services.InvalidTelegramId):
        services.register_many(newcomers=[*crowd(1, 2), Newcomer(wrong, "Group")], now=NOW)
    assert not Person.objects.exists()


def test_too_many_are_refused(db: None) -> None:
    with pytest.raises(services.TooMany, match="divide them"):
        services.register_many(newcomers=crowd(1, 1001), now=NOW)


def test_nobody_is_nobody(db: None) -> None:
    assert services.register_many(newcomers=[], now=NOW) == {}


def test_the_same_crowd_twice_at_the_same_time_is_registered_once(committed_db: str) -> None:
    people = crowd(1, 30)
    at_once(*[lambda p=p: services.register_many(newcomers=p, now=NOW) for p in (people, people[::-1], people[10:])])
    assert Person.objects.count() == StoredEvent.objects.count() == 30
