"""What the database itself refuses of first steps, consents, quiz, tutorial and invitations."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError, ProgrammingError

from apps.users import services
from apps.users.models import Consent, Onboarding, Person, QuizAttempt, Referral, Tutorial
from apps.users.personal_data import joining
from tests.users.conftest import NOW
from tests.users.test_quiz import finish

pytestmark = pytest.mark.django_db


def run(statement: str) -> None:
    """Run one statement as the application."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def rows(person: Person) -> Person:
    """One row of each table, about the person."""
    services.begin_onboarding(person_id=person.pk, now=NOW)
    services.give_consent(person_id=person.pk, now=NOW)
    services.begin_quiz(person_id=person.pk, now=NOW)
    services.begin_tutorial(person_id=person.pk, now=NOW)
    other = Person.objects.create(telegram_id=5, created_at=NOW)
    Referral.objects.create(invitee=other, referrer=person, referred_at=NOW)
    return person


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("person", "visibility = 'famous'"),
        ("person", "invite_code = 'short'"),
        ("person", "invite_code = 'no blanks ok'"),
        ("onboarding", "step = 'nonsense'"),
        ("onboarding", "step = 'done'"),
        ("onboarding", "completed_at = now()"),
        ("quizattempt", "answers = '{}'"),
        ("quizattempt", "answers = '[1,1,1,1,1,1,1,1,1,1,1]'"),
        ("quizattempt", "archetype = 'Explorer'"),
        ("quizattempt", "finished_at = now()"),
        ("tutorial", "completed_at = now()"),
        ("tutorial", "daily_at = now(), story_at = now(), board_at = now(), achievement_at = now()"),
        ("referral", "status = 'gone'"),
        ("referral", "status = 'qualified'"),
        ("referral", "status = 'paid', qualified_at = now()"),
        ("referral", "status = 'paid', qualified_at = now(), paid_at = now()"),
        ("referral", "status = 'lost', lost_at = now()"),
        ("referral", "qualified_at = now()"),
        ("referral", "paid_event = gen_random_uuid()"),
        ("referral", "points = -1"),
        ("referral", "active_days = -1"),
    ],
)
def test_what_cannot_be_is_refused(rows: Person, table: str, change: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"UPDATE users_{table} SET {change}")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM users_consent",
        "UPDATE users_consent SET version = 'x'",
        "TRUNCATE users_consent",
        "DELETE FROM users_referral",
        "TRUNCATE users_referral",
        "UPDATE users_referral SET referrer_id = 1",
        "DELETE FROM users_onboarding",
        "UPDATE users_onboarding SET started_at = now()",
        "DELETE FROM users_tutorial",
        "UPDATE users_quizattempt SET person_id = 1",
    ],
)
def test_what_stays_is_not_the_applications_to_change(rows: Person, statement: str) -> None:
    with pytest.raises((ProgrammingError, DatabaseError)):
        run(statement)


def test_one_of_each_to_a_person(rows: Person) -> None:
    again = [
        lambda: Onboarding.objects.create(person=rows, step="quiz", started_at=NOW, moved_at=NOW),
        lambda: Tutorial.objects.create(person=rows, started_at=NOW),
        lambda: QuizAttempt.objects.create(person=rows, version=1, started_at=NOW),
        lambda: Consent.objects.create(person=rows, document="terms", version="2026-11", given_at=NOW),
        lambda: Consent.objects.create(person=rows, document="cookies", version="1", given_at=NOW),
        lambda: Consent.objects.create(person=rows, document="terms", version="", given_at=NOW),
        lambda: Referral.objects.create(invitee=rows, referrer=rows, referred_at=NOW),
        lambda: Referral.objects.create(invitee_id=Referral.objects.get().invitee_id, referrer=rows, referred_at=NOW),
    ]
    for make in again:
        with pytest.raises(IntegrityError), transaction.atomic():
            make()


def test_a_row_says_what_it_is(rows: Person) -> None:
    assert str(Onboarding.objects.get()) == f"{rows.pk}: language"
    assert str(Consent.objects.get(document="terms")) == "terms 2026-11"
    assert str(QuizAttempt.objects.get()) == f"{rows.pk}: 0"
    assert str(Tutorial.objects.get()) == f"{rows.pk}: 0"
    assert str(Referral.objects.get()).startswith(f"{rows.pk} → ")


def test_an_export_holds_all_of_it_and_nobody_else(rows: Person) -> None:
    finish(rows)
    services.change_preferences(person_id=rows.pk, changes={"quiet_from": 20}, now=NOW)
    exported = joining.export(rows.pk)
    assert exported["preferences"] == {"quiet_from": 20}
    assert exported["first_steps"]["step"] == "language"
    assert {consent["document"] for consent in exported["consents"]} == {"privacy", "terms"}
    assert (exported["quiz"][0]["archetype"], len(exported["quiz"][0]["answers"])) == ("Explorer", 10)
    assert exported["tutorial"]["done"] == []
    assert (exported["invited"], exported["was_invited_at"]) == (1, None)
    bare = joining.export(Referral.objects.get().invitee_id)
    assert (bare["first_steps"], bare["tutorial"], bare["quiz"]) == (None, None, [])
    assert bare["was_invited_at"] is not None


def test_erasing_takes_the_quiz_and_what_was_set(rows: Person) -> None:
    code = services.invite_code(person_id=rows.pk)
    services.change_preferences(person_id=rows.pk, changes={"quiet_from": 20}, now=NOW)
    for _ in range(2):
        joining.erase(rows.pk, NOW)
    rows.refresh_from_db()
    assert (rows.preferences, rows.invite_code, rows.visibility) == ({}, None, "hidden")
    assert not QuizAttempt.objects.exists()
    assert Consent.objects.count() == 2
    assert code not in str(joining.export(rows.pk))
