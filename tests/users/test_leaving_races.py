"""Real threads: erasure beside a change of mind, a purchase, a message, and another erasure. The person's lock decides."""

from datetime import timedelta

import pytest

from apps.bot.models import Chat, StartPayload
from apps.users import services
from apps.users.models import Departure, Grant, Person
from diana.audit import Actor
from diana.events.models import StoredEvent
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW

pytestmark = pytest.mark.usefixtures("committed_db")

ACTOR = Actor(7, "ana", "admin")
DUE = NOW + timedelta(days=7)


def asked(number: int = 4242) -> Person:
    """Add somebody who is due to be erased."""
    person = Person.objects.create(telegram_id=number, created_at=NOW)
    services.request_deletion(person_id=person.pk, key=f"k{number}", now=NOW)
    return person


def test_it_happens_once_however_many_do_it() -> None:
    for number in range(1, 6):
        asked(number)
    erased = list[int]()
    at_once(*[lambda: erased.append(services.erase_due(now=DUE))] * 4)
    assert sum(erased) == 5
    assert StoredEvent.objects.filter(type="user.erased").count() == 5


@pytest.mark.parametrize("turn", range(8))
def test_whoever_comes_first_decides_between_staying_and_going(turn: int) -> None:
    person, outcome = asked(), list[object]()

    def cancel() -> None:
        try:
            outcome.append(services.cancel_deletion(person_id=person.pk, now=DUE))
        except services.PersonGone:
            outcome.append("gone")

    at_once(*[cancel, lambda: services.erase_due(now=DUE)][:: 1 if turn % 2 else -1])
    person.refresh_from_db()
    told = set(StoredEvent.objects.values_list("type", flat=True))
    if outcome == [True]:
        assert (person.status, person.telegram_id) == ("active", 4242)
        assert "user.erased" not in told
    else:
        assert (person.status, person.telegram_id, outcome) == ("erased", None, ["gone"])
        assert "user.deletion_cancelled" not in told
    assert Departure.objects.get().ended_at is not None


@pytest.mark.parametrize("turn", range(8))
def test_a_purchase_is_either_before_it_or_refused(turn: int) -> None:
    person, refused = asked(), list[bool]()

    def buy() -> None:
        try:
            services.grant_vip(
                person_id=person.pk,
                source="purchase",
                days=30,
                reason="paid",
                actor=ACTOR,
                now=DUE,
                payment_reference="charge-1",
            )
        except services.PersonGone:
            refused.append(True)

    at_once(*[buy, lambda: services.erase_due(now=DUE)][:: 1 if turn % 2 else -1])
    assert Grant.objects.count() + len(refused) == 1
    order = list(StoredEvent.objects.order_by("id").values_list("type", flat=True))
    assert order[-1] == "user.erased"


@pytest.mark.parametrize("turn", range(4))
def test_what_comes_in_meanwhile_leaves_nothing_of_the_old_person(turn: int) -> None:
    from apps.bot import acts
    from apps.bot import services as bot
    from apps.bot.turns import Turn

    person = asked()
    act = Turn(1, person.pk, DUE)

    def write() -> None:
        try:
            acts.write_message(act, DUE, chat=(4242, "private"), text="hello")
            bot.keep_start_payload(person_id=person.pk, payload="r_x", now=DUE)
        except services.PersonGone:
            pass
        bot.mark_gone(telegram_chat_id=4242, person_id=person.pk, now=DUE)

    at_once(*[write, lambda: services.erase_due(now=DUE)][:: 1 if turn % 2 else -1])
    assert Person.objects.get().status == "erased"
    assert not Chat.objects.exists()
    assert not StartPayload.objects.exists()
