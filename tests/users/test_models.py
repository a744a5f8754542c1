"""What the database itself refuses, whoever asks: the same truths that the services keep."""

import pytest
from django.db import connection, connections, transaction
from django.db.utils import DataError, IntegrityError, ProgrammingError

from apps.users.models import Grant, Person
from tests.users.conftest import NOW

GRANT = "person_id, source, starts_at, ends_at, reason, granted_by"


def run(statement: str, parameters: list[object] | None = None) -> None:
    """Run one statement as the application."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def grant(person: Person) -> Grant:
    """A grant of ten days or so."""
    return Grant.objects.create(
        person=person, source="staff", starts_at=NOW, ends_at=NOW.replace(day=30), reason="a", granted_by="ana"
    )


@pytest.mark.parametrize(
    "change",
    [
        "telegram_id = 0",
        "telegram_id = -1",
        "telegram_id = NULL",
        "language = 'fr'",
        "timezone = ''",
        "timezone = 'Europe/Madrid; DROP'",
        "status = 'gone'",
        "status = 'erased'",
        "status = 'erased', telegram_id = NULL, first_name = 'Ana'",
        "last_act_at = now()",
        "last_active_date = now()",
    ],
)
def test_a_person_cannot_be(person: Person, change: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"UPDATE users_person SET {change}")


def test_a_person_may_be_erased(person: Person) -> None:
    run("UPDATE users_person SET status = 'erased', telegram_id = NULL, first_name = '', username = ''")
    person.refresh_from_db()
    assert (person.status, person.telegram_id, person.full_name) == ("erased", None, "")


def test_names_are_bounded(person: Person) -> None:
    with pytest.raises(DataError):
        run("UPDATE users_person SET first_name = repeat('x', 65)")


def test_a_telegram_id_is_one_person(person: Person) -> None:
    with pytest.raises(IntegrityError):
        Person.objects.create(telegram_id=person.telegram_id, created_at=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM users_person",
        "TRUNCATE users_person CASCADE",
        "UPDATE users_person SET id = id + 1",
        "UPDATE users_person SET created_at = now()",
        "DELETE FROM users_grant",
        "TRUNCATE users_grant",
        "UPDATE users_grant SET ends_at = ends_at + interval '1 year'",
        "UPDATE users_grant SET reason = 'another'",
        "UPDATE users_grant SET person_id = person_id",
    ],
)
def test_the_application_has_no_right_to(grant: Grant, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(statement)


@pytest.mark.parametrize(
    "values",
    [
        "'staff', now(), now(), 'a', 'a'",
        "'staff', now(), now() - interval '1 day', 'a', 'a'",
        "'magic', now(), now() + interval '1 day', 'a', 'a'",
        "'staff', now(), now() + interval '1 day', '  ', 'a'",
        "'staff', now(), now() + interval '1 day', 'a', ''",
    ],
)
def test_a_grant_cannot_be(person: Person, values: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"INSERT INTO users_grant ({GRANT}) VALUES ({person.pk}, {values})")


def test_a_grant_needs_its_person(db: None) -> None:
    with pytest.raises(IntegrityError):
        run(
            f"INSERT INTO users_grant ({GRANT}) VALUES (1, 'staff', now(), now() + interval '1 day', 'a', 'a');"
            " SET CONSTRAINTS ALL IMMEDIATE"
        )


def test_a_payment_buys_one_grant(grant: Grant) -> None:
    insert = (
        f"INSERT INTO users_grant ({GRANT}, payment_reference) VALUES (%s, 'gift', now(), 'infinity', 'a', 'a', 'c')"
    )
    run(insert, [grant.person_id])
    with pytest.raises(IntegrityError):
        run(insert, [grant.person_id])


@pytest.mark.parametrize("change", ["revoked_at = now()", "revoked_by = 'ana'", "revoked_at = now(), revoked_by = ''"])
def test_a_revocation_is_whole(grant: Grant, change: str) -> None:
    with pytest.raises((IntegrityError, ProgrammingError)):
        run(f"UPDATE users_grant SET {change}")


@pytest.mark.parametrize("change", ["revoked_at = NULL, revoked_by = NULL", "revoked_at = now(), revoked_by = 'eva'"])
def test_a_revocation_is_final(grant: Grant, change: str) -> None:
    run("UPDATE users_grant SET revoked_at = now(), revoked_by = 'ana'")
    with pytest.raises(ProgrammingError, match="only be revoked, and once"):
        run(f"UPDATE users_grant SET {change}")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE users_grant SET ends_at = ends_at + interval '1 year'", "DELETE FROM users_grant", "TRUNCATE users_grant"],
)
def test_the_owner_meets_the_guard(committed_db: str, statement: str) -> None:
    person = Person.objects.create(telegram_id=1, created_at=NOW)
    Grant.objects.create(
        person=person, source="staff", starts_at=NOW, ends_at=NOW.replace(day=30), reason="a", granted_by="ana"
    )
    with pytest.raises(ProgrammingError, match="VIP grant"), connections["owner"].cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("name", ["\u3164", "\u2800", "\ufe0f"])
def test_a_stored_name_that_shows_nothing_is_shown_as_a_number(person: Person, name: str) -> None:
    person.first_name = person.last_name = name
    assert (person.full_name, str(person)) == ("", f"Player {person.pk}")
