"""Names are those that people have now: told with each act, by the newest of them; a username is one person's."""

import json
from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.users import selectors, services
from apps.users.folding import fold_names
from apps.users.models import Person
from apps.users.services import Names, naming
from diana.events import Envelope, log
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
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
    assert published(person.pk, "user.profile_updated") == [], "who was met just now has not changed"
    door(person, NEW, LATER)
    assert (*names_of(person), person.folded_names) == ("New", "", "other_name", "new other name")
    door(person, NEW, LATER + timedelta(minutes=1))
    fields = ["first_name", "last_name", "username"]
    assert published(person.pk, "user.profile_updated") == [("user.profile_updated", {"fields": fields})]


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


MINE, YOURS = Names("Mine", None, "Taken_Name"), Names("Yours", None, "taken_name")


def usernames(people: list[Person]) -> list[str]:
    return [names_of(person)[2] for person in people]


def two() -> list[Person]:
    return [Person.objects.create(telegram_id=n, created_at=NOW) for n in (1, 2)]


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
@pytest.mark.parametrize("first", [0, 1])
def test_a_username_that_somebody_has_now_is_nobody_elses(committed_db: str, door: object, first: int) -> None:
    """Telegram gives a username to one person at a time, and does not tell capitals from small letters."""
    assert callable(door)
    people = two()
    before, after = people[first], people[1 - first]
    start(before, MINE)
    act(after, Names("Yours", None, None))
    drain("users.release_usernames")
    door(after, YOURS, LATER)
    drain("users.release_usernames")
    assert names_of(after) == ("Yours", "", "taken_name")
    assert (*names_of(before), before.folded_names) == ("Mine", "", "", "mine")
    told = StoredEvent.objects.filter(user_id=before.pk, type="user.profile_updated").order_by("id").last()
    assert told is not None
    assert json.loads(told.payload) == {"fields": ["username"]}
    drain()
    assert not Failure.objects.exists()


def test_who_is_met_with_a_username_has_it_alone(committed_db: str) -> None:
    before, after = two()
    start(before, MINE)
    act(after, YOURS, LATER)
    drain("users.release_usernames")
    assert usernames([before, after]) == ["", "taken_name"]


def test_what_comes_late_takes_no_username_from_who_has_it_now(committed_db: str) -> None:
    before, after = two()
    act(after, YOURS, LATER)
    act(before, MINE, NOW)
    drain("users.release_usernames")
    assert usernames([before, after]) == ["", "taken_name"]


def test_within_one_second_who_came_last_has_it(committed_db: str) -> None:
    before, after = two()
    act(before, MINE, NOW + timedelta(milliseconds=700))
    drain("users.release_usernames")
    act(after, YOURS, NOW)
    drain("users.release_usernames")
    assert usernames([before, after]) == ["", "taken_name"]


def test_nobody_else_loses_a_username(committed_db: str) -> None:
    people = [Person.objects.create(telegram_id=n, created_at=NOW) for n in range(1, 6)]
    for person, username in zip(people, ("ana", "ana_", "an", None, None), strict=True):
        start(person, Names("Ana", None, username))
    drain("users.release_usernames")
    assert usernames(people) == ["ana", "ana_", "an", "", ""]


def test_a_list_of_people_takes_usernames_too(committed_db: str) -> None:
    before = Person.objects.create(telegram_id=1, created_at=NOW)
    start(before, MINE)
    services.register_many(newcomers=[services.Newcomer(2, "Yours", username="taken_name")], now=LATER)
    drain("users.release_usernames")
    assert names_of(before) == ("Mine", "", "")


def release(people: list[Person]) -> list[str]:
    ids = [person.pk for person in people]
    types = ("user.active_day", "user.profile_updated")
    events = StoredEvent.objects.filter(user_id__in=ids, type__in=types).values_list("id", flat=True)
    envelopes = log.read_events(list(events))
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        services.release_usernames(envelopes)
    return [str(query["sql"]) for query in captured]


def test_it_takes_a_fixed_number_of_statements(db: None) -> None:
    people = [Person.objects.create(telegram_id=n, created_at=NOW) for n in range(1, 41)]
    for n, person in enumerate(people):
        act(person, Names("A", None, f"name_{n % 20}"), NOW + timedelta(minutes=n))
    few, many = [[p for n, p in enumerate(people) if n % 20 in of] for of in ({0}, set(range(1, 20)))]
    taken = [release(few), release(many)]
    assert len(taken[0]) == len(taken[1])
    locked = [[sql for sql in statements if "FOR NO KEY UPDATE" in sql] for statements in taken]
    assert [len(sql) for sql in locked] == [1, 1], "two statements that lock could meet those of others crosswise"
    assert all("ORDER BY" in sql for [sql] in locked)
    assert usernames(people) == [""] * 20 + [f"name_{n}" for n in range(20)]
    assert len(release(few)) == len(release(many)) == 3, (
        "where nothing is to be done, one statement within the savepoint"
    )


@pytest.mark.parametrize("round_", range(4))
def test_two_who_swap_usernames_have_each_the_others(committed_db: str, round_: int) -> None:
    """Both tell it at once while usernames are released: nobody waits for ever, and each has one in the end."""
    people = two()
    for person, username in zip(people, ("one", "other"), strict=True):
        act(person, Names("A", None, username))
    swapped = [
        lambda p=p, u=u: act(p, Names("A", None, u), LATER) for p, u in zip(people, ("other", "one"), strict=True)
    ]
    at_once(*swapped, *[lambda order=order: release(order) for order in (people, people[::-1], people[:1], people[1:])])
    drain("users.release_usernames")
    assert usernames(people) == ["other", "one"], round_
    assert not Failure.objects.exists()


@pytest.mark.django_db
def test_usernames_are_compared_by_their_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {naming.RIVALS}", [[1, 2]])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "users_person_usernames" in plan


@pytest.mark.django_db
def test_the_migration_leaves_each_username_to_who_registered_last(monkeypatch: pytest.MonkeyPatch) -> None:
    migration = import_module("apps.users.migrations.0047_usernames_once")
    monkeypatch.setattr(migration, "BATCH", 2)
    given = [("ana", 1), ("ANA", 3), ("Ana", 2), ("ana", None), ("ben", 1), ("ben", 1), ("cay", None), ("", 1), ("", 2)]
    people = [
        Person(
            telegram_id=n,
            first_name="José",
            username=username,
            folded_names=fold_names("José", username),
            created_at=NOW,
            registered_at=None if days is None else NOW + timedelta(days=days),
        )
        for n, (username, days) in enumerate(given, start=1)
    ]
    Person.objects.bulk_create(people)
    migration.release_all(None, SimpleNamespace(connection=connection))
    assert usernames(people) == ["", "ANA", "", "", "", "ben", "cay", "", ""]
    assert [p.folded_names for p in people] == [
        "jose",
        "jose ana",
        *["jose"] * 3,
        "jose ben",
        "jose cay",
        "jose",
        "jose",
    ]
