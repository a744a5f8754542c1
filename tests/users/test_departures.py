"""Leaving for a while, asking to be erased, and coming back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.gamification import selectors as ledger
from apps.users import selectors, services
from apps.users.models import Departure, Person
from diana.audit import Actor
from diana.events import Envelope
from tests.gamification.acts import award, event, happen, message
from tests.users.conftest import NOW, Published

DAY = timedelta(days=1)
ACTOR = Actor(7, "ana", "admin")


def act(person: Person, at: Any = NOW, **fields: Any) -> None:
    services.act(person_id=person.pk, occurred_at=at, key_prefix=f"t{at}", events=lambda local: [], **fields)


def status(person: Person) -> str:
    person.refresh_from_db()
    return person.status


def leave(person: Person, key: str = "k") -> bool:
    return services.deactivate(person_id=person.pk, key=key, now=NOW)


def ask(person: Person, key: str = "d", now: Any = NOW) -> Any:
    return services.request_deletion(person_id=person.pk, key=key, now=now)


def test_leaving_is_told_once(person: Person, published: Published) -> None:
    assert [leave(person), leave(person, "k2")] == [True, False]
    assert status(person) == "deactivated"
    assert published(person.pk) == [("user.deactivated", {})]
    assert selectors.away([person.pk, 10**9]) == {person.pk}


def test_an_act_for_the_bot_brings_back_and_others_do_not(person: Person, published: Published) -> None:
    leave(person)
    act(person, NOW + DAY)
    assert status(person) == "deactivated"
    act(person, NOW + 2 * DAY, comes_back=True)
    act(person, NOW + 3 * DAY, comes_back=True)
    assert status(person) == "active"
    assert [found for found, _ in published(person.pk)].count("user.reactivated") == 1
    assert selectors.away([person.pk]) == set()
    assert [leave(person), leave(person, "k2")] == [False, True], "a key is good for one time"


def test_the_press_that_made_somebody_leave_does_not_bring_them_back_when_it_is_handled_again(
    person: Person, published: Published
) -> None:
    pressed = NOW - timedelta(seconds=1)
    for _ in range(2):
        act(person, pressed, comes_back=True)
        leave(person)
    assert status(person) == "deactivated"
    assert published(person.pk, "user.deactivated", "user.reactivated") == [("user.deactivated", {})]


@pytest.mark.parametrize(("comes_back", "expected"), [(True, "active"), (False, "deactivated")])
def test_messages_taken_together_bring_back_only_if_they_are_for_the_bot(
    person: Person, comes_back: bool, expected: str
) -> None:
    leave(person)
    [cause] = happen(message(person.pk))
    assert isinstance(cause, Envelope)
    with transaction.atomic():
        services.act_many([services.Act(person.pk, NOW + DAY, message(person.pk), cause, comes_back=comes_back)])
    assert status(person) == expected


def test_a_request_is_due_in_a_week_and_takes_off_boards_at_once(person: Person, published: Published) -> None:
    due = ask(person)
    assert due == NOW + timedelta(days=7)
    assert [ask(person, "other", NOW + DAY), ask(person)] == [due, due]
    assert (status(person), selectors.erasure_due(person.pk)) == ("deletion_requested", due)
    assert published(person.pk) == [("user.deactivated", {}), ("user.deletion_requested", {"due": due.isoformat()})]
    act(person, NOW + DAY, comes_back=True)
    assert status(person) == "deletion_requested", "only in so many words it is taken back"


def test_it_can_be_taken_back(person: Person, published: Published) -> None:
    ask(person)
    assert [services.cancel_deletion(person_id=person.pk, now=NOW + DAY) for _ in range(2)] == [True, False]
    assert (status(person), selectors.erasure_due(person.pk)) == ("active", None)
    assert [found for found, _ in published(person.pk)][-2:] == ["user.deletion_cancelled", "user.reactivated"]
    assert ask(person) == NOW + timedelta(days=7), "an old update that comes again asks for nothing new"
    assert status(person) == "active"
    assert ask(person, "new", NOW + DAY) == NOW + timedelta(days=8)


def test_who_had_left_can_ask_too(person: Person, published: Published) -> None:
    leave(person)
    ask(person)
    assert [found for found, _ in published(person.pk)] == ["user.deactivated", "user.deletion_requested"]
    assert [d.outcome for d in Departure.objects.order_by("pk")] == ["deletion", None]
    assert services.cancel_deletion(person_id=person.pk, now=NOW) is True


def suspend(person: Person) -> None:
    services.suspend(person_id=person.pk, until=None, reason="r", actor=ACTOR, key="s", now=NOW)


def unsuspend(person: Person) -> None:
    services.unsuspend(person_id=person.pk, reason="r", actor=ACTOR, key="u", now=NOW)


def test_the_suspended_ask_as_well_and_are_what_the_facts_say_afterwards(person: Person) -> None:
    suspend(person)
    ask(person)
    assert (status(person), selectors.erasure_due(person.pk) is None) == ("suspended", False)
    unsuspend(person)
    assert status(person) == "deletion_requested"


def test_what_ends_during_a_suspension_has_ended_after_it(person: Person) -> None:
    ask(person)
    suspend(person)
    shown = services.preview_suspension(person_id=person.pk, until=None, suspended=False)
    assert shown.changes[0].after == "deletion requested"
    services.cancel_deletion(person_id=person.pk, now=NOW)
    unsuspend(person)
    assert status(person) == "active"


def test_boards_leave_out_who_has_left_until_they_are_back(person: Person) -> None:
    award(event("user.returned", person.pk, days_away=9))
    assert ledger.look(person.pk).shown
    award(event("user.deactivated", person.pk))
    assert not ledger.look(person.pk).shown
    award(event("user.reactivated", person.pk))
    assert ledger.look(person.pk).shown


@pytest.mark.parametrize(
    ("wrong", "wall"),
    [
        ({"erase_at": NOW - DAY}, "users_departure_erased_after_it_began"),
        ({"ended_at": NOW}, "users_departure_ended_somehow"),
        ({"outcome": "back"}, "users_departure_ended_somehow"),
        ({"ended_at": NOW, "outcome": "lost"}, "users_departure_ended_somehow"),
        ({"key": ""}, "users_departure_key_given"),
        ({"key": "k"}, "users_departure_key"),
        ({}, "users_departure_one_at_a_time"),
    ],
)
def test_the_database_refuses_what_cannot_be(person: Person, wrong: dict[str, Any], wall: str) -> None:
    leave(person)
    with pytest.raises(IntegrityError, match=wall), transaction.atomic():
        Departure.objects.create(**({"person": person, "left_at": NOW, "key": "k9"} | wrong))


def test_departures_stay_and_end_once(person: Person) -> None:
    leave(person)
    act(person, NOW + DAY, comes_back=True)
    ended = Departure.objects.all()
    for change in (ended.delete, lambda: ended.update(outcome="erased"), lambda: ended.update(left_at=NOW)):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_nobody_is_there_to_leave_after_erasure(person: Person) -> None:
    services.erase_person(person_id=person.pk, reason="r", actor=ACTOR, now=NOW)
    for act_of in (leave, ask):
        with pytest.raises(services.PersonGone):
            act_of(person)
    with pytest.raises(services.PersonGone):
        services.cancel_deletion(person_id=person.pk, now=NOW)
