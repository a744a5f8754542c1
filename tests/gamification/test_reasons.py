"""The words beside entries are written once; they go with the person that they are about, and in no other way."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.gamification.models import Reason
from apps.users import services as people
from diana import clock
from tests.gamification.acts import STAFF, person
from tests.gamification.proof.histories import grant


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM gamification_reason",
        "UPDATE gamification_reason SET salt = salt",
        "UPDATE gamification_reason SET entry_id = entry_id",
    ],
)
def test_the_application_takes_no_reason_away_and_changes_none(statement: str) -> None:
    grant(person(), 5, "k")
    with pytest.raises(DatabaseError, match=r"denied|append-only"):
        run(statement)
    assert Reason.objects.count() == 1


@pytest.mark.django_db
def test_reasons_go_with_who_is_erased_and_others_stay() -> None:
    one, other = person(), person()
    for somebody in (one, other):
        grant(somebody, 5, f"k{somebody}")
    people.erase_person(person_id=one, reason="r", actor=STAFF, now=clock.now())
    run("SELECT")
    assert list(Reason.objects.values_list("entry__account_id", flat=True)) == [other]
