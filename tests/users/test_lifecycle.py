"""The statuses of a person: what may become of each, in Python and in the database alike."""

from itertools import product

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.users.lifecycle import ALLOWED, ForbiddenTransition, check_transition, status_of
from apps.users.models import Person
from tests.users.conftest import NOW

STATUSES = Person.Status.values


def test_the_table_names_every_status() -> None:
    assert set(ALLOWED) == set(STATUSES)
    assert all(follow <= set(STATUSES) for follow in ALLOWED.values())


@given(st.lists(st.sampled_from(STATUSES), min_size=1))
def test_whatever_happens_nobody_leaves_erasure(wanted: list[str]) -> None:
    status = "active"
    for new in wanted:
        was = status
        try:
            check_transition(status, new)
        except ForbiddenTransition:
            assert new not in ALLOWED[status]
            continue
        status = new
        assert was != "erased" or status == "erased"


@given(st.booleans(), st.booleans(), st.booleans())
def test_whatever_the_facts_are_each_change_of_one_is_allowed(suspended: bool, away: bool, deletion: bool) -> None:
    """Facts change one by one: a suspension begins or ends, somebody leaves or comes back, a request is made."""
    away = away or deletion
    now = status_of(suspended=suspended, away=away, deletion_requested=deletion)
    check_transition(now, status_of(suspended=not suspended, away=away, deletion_requested=deletion))
    check_transition(now, status_of(suspended=suspended, away=True, deletion_requested=True))
    check_transition(now, status_of(suspended=suspended, away=False, deletion_requested=False))
    check_transition(now, "erased")


def test_suspension_shows_before_all_else() -> None:
    shown = {facts: status_of(suspended=facts[0], away=facts[1], deletion_requested=facts[2]) for facts in product(
        (False, True), repeat=3
    )}  # fmt: skip
    assert {shown[True, a, d] for a, d in product((False, True), repeat=2)} == {"suspended"}
    assert (shown[False, False, False], shown[False, True, False]) == ("active", "deactivated")
    assert shown[False, True, True] == "deletion_requested"


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new"), list(product(STATUSES, repeat=2)))
def test_the_database_refuses_exactly_what_the_table_does(old: str, new: str) -> None:
    def telegram_id(status: str) -> int | None:
        return None if status == "erased" else 4242

    person = Person.objects.create(telegram_id=telegram_id(old), status=old, created_at=NOW)
    change = {"status": new, "telegram_id": telegram_id(new)}
    if new == old or new in ALLOWED[old]:
        assert Person.objects.filter(pk=person.pk).update(**change) == 1
        return
    with pytest.raises(IntegrityError, match="Nobody goes from"), transaction.atomic():
        Person.objects.filter(pk=person.pk).update(**change)
