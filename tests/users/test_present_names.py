"""Names are those that people have now: told with each act, by the newest of them; a username is one person's."""

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.users import selectors, services
from apps.users.models import Person
from apps.users.services import Names
from diana.events import Envelope
from tests.gamification.acts import happen
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW, Published
from tests.users.test_departures import message

OLD, NEW = Names("Old", "Insult", "taken_name"), Names("New", None, "other_name")
LATER = NOW + timedelta(minutes=1)


def act(person: Person, names: Names | None, at: datetime = NOW) -> None:
    services.act(person_id=person.pk, occurred_at=at, key_prefix=f"{at}{names}", events=lambda _: [], names=names)


def act_in_batch(*acts: tuple[Person, Names | None, datetime], counts: bool = True) -> None:
    [cause] = happen(message(acts[0][0].pk))
    assert isinstance(cause, Envelope)
    with transaction.atomic():
        services.act_many([services.Act(p.pk, at, None, cause, names=names, counts=counts) for p, names, at in acts])


def start(person: Person, names: Names, at: datetime = NOW) -> None:
    services.register(person_id=person.pk, **names._asdict(), language_code="en", now=at, key=f"{person.pk}{at}")


def names_of(person: Person) -> tuple[str, str, str]:
    person.refresh_from_db()
    return person.first_name, person.last_name, person.username


DOORS = {
    "an act": act,
    "an act of a batch": lambda person, names, at=NOW: act_in_batch((person, names, at)),
    "what counts for nothing": lambda person, names, at=NOW: act_in_batch((person, names, at), counts=False),
    "/start": start,
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
def test_the_present_names_stand_and_what_is_gone_is_gone(person: Person, published: Published, door: object) -> None:
    assert callable(door)
    door(person, OLD)
    assert (*names_of(person), person.folded_names) == ("Old", "Insult", "taken_name", "old insult taken name")
    door(person, NEW, LATER)
    assert (*names_of(person), person.folded_names) == ("New", "", "other_name", "new other name")
    assert published(person.pk, "user.profile_updated")[-1][1] == {"fields": ["first_name", "last_name", "username"]}
    before = len(published(person.pk, "user.profile_updated"))
    door(person, NEW, LATER + timedelta(minutes=1))
    assert len(published(person.pk, "user.profile_updated")) == before


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
def test_the_older_act_does_not_bring_old_names_back(person: Person, door: object) -> None:
    assert callable(door)
    act(person, NEW, LATER)
    door(person, OLD)
    assert names_of(person) == ("New", "", "other_name")


def test_in_one_second_the_later_one_counts(person: Person) -> None:
    """Telegram tells whole seconds of messages and nothing of presses, whose time is that of their arrival."""
    act(person, OLD, LATER + timedelta(milliseconds=400))
    act(person, NEW, LATER)
    assert names_of(person) == ("New", "", "other_name")


def test_an_older_one_is_better_than_none(person: Person) -> None:
    act(person, None, LATER)
    act(person, OLD)
    assert names_of(person) == ("Old", "Insult", "taken_name")


@pytest.mark.parametrize("names", [None, Names("", None, None), Names("", "Ruiz", "x")], ids=str)
def test_what_was_not_told_changes_nothing(person: Person, names: Names | None) -> None:
    act(person, OLD)
    act(person, names, LATER)
    assert names_of(person) == ("Old", "Insult", "taken_name")


def test_a_name_that_shows_nothing_is_the_present_one(person: Person) -> None:
    act(person, OLD)
    act(person, Names("\u3164", None, None), LATER)
    assert names_of(person) == ("", "", "")
    assert selectors.profile(person.pk).name == ""
    assert str(person) == f"Player {person.pk}"


def test_in_a_batch_the_newest_names_stand_whatever_their_order(person: Person) -> None:
    other = Person.objects.create(telegram_id=4243, created_at=NOW)
    act_in_batch((person, NEW, LATER), (other, OLD, NOW), (person, OLD, NOW), (other, NEW, LATER))
    assert names_of(person) == names_of(other) == ("New", "", "other_name")


def statements(people: list[Person], names: Names | None, at: datetime) -> list[str]:
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        cause = None
        services.act_many([services.Act(p.pk, at, None, cause, names=names) for p in people])
    return [query["sql"] for query in captured]


def test_names_that_stay_cost_nothing_and_new_ones_one_statement_for_all(db: None) -> None:
    people = [Person.objects.create(telegram_id=n, created_at=NOW) for n in range(1, 7)]
    statements(people, None, NOW)
    silent = len(statements(people, None, NOW + timedelta(seconds=1)))
    named = statements(people, OLD, NOW + timedelta(seconds=2))
    assert sum("first_name = " in sql for sql in named) == 1
    same = statements(people, OLD, NOW + timedelta(seconds=3))
    assert len(same) == silent
    assert len(statements(people[:1], NEW, LATER)) == len(statements(people[1:], NEW, LATER))


def test_one_act_writes_the_row_once(person: Person) -> None:
    with CaptureQueriesContext(connection) as captured:
        act(person, OLD)
    assert sum(str(query["sql"]).startswith("UPDATE") for query in captured) == 1


def test_the_erased_get_no_names(person: Person) -> None:
    Person.objects.update(telegram_id=None, status="erased")
    act_in_batch((person, OLD, NOW))
    assert names_of(person) == ("", "", "")


def test_many_who_rename_themselves_side_by_side_wait_for_nobody_for_ever(committed_db: str) -> None:
    people = [Person.objects.create(telegram_id=n, created_at=NOW) for n in range(1, 9)]

    def all_of(order: list[Person], names: Names, at: datetime) -> None:
        with transaction.atomic():
            services.act_many([services.Act(p.pk, at, None, None, names=names) for p in order])

    at_once(*[lambda n=n: all_of(people[:: (1, -1)[n % 2]], NEW, NOW + timedelta(seconds=n)) for n in range(4)])
    assert {names_of(person) for person in people} == {("New", "", "other_name")}
