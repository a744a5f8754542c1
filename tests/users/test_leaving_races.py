"""Real threads: erasure beside a change of mind, a purchase, a message, and another erasure. The person's lock decides."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction

from apps.bot import acts
from apps.bot import services as bot
from apps.bot.models import Chat, StartPayload, Update
from apps.bot.turns import Turn
from apps.users import services
from apps.users.models import Departure, Grant, Person
from diana.audit import Actor
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.bot.updates import say, user
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


def write(person_id: int) -> None:
    acts.write_message(Turn(1, person_id, DUE), DUE, chat=(4242, "private"), text="hello")


def come_by(person_id: int) -> None:
    acts.visit(Turn(1, person_id, DUE), DUE, chat=(4242, "private"), page="help")


def follow_a_link(person_id: int) -> None:
    bot.keep_start_payload(person_id=person_id, payload="r_x", now=DUE)


def block(person_id: int) -> None:
    bot.mark_gone(telegram_chat_id=4242, person_id=person_id, now=DUE)


def write_in_a_batch(person_id: int) -> None:
    drain("bot.take_messages")


@pytest.mark.parametrize("act", [write, come_by, follow_a_link, block, write_in_a_batch])
def test_what_comes_in_while_it_happens_leaves_nothing_of_the_old_person(act: Callable[[int], None]) -> None:
    say("hello", sender=user(4242))
    person_id = Person.objects.get().pk
    erase_while(lambda: act(person_id))
    assert Person.objects.get().status == "erased"
    assert not Chat.objects.exists()
    assert not StartPayload.objects.exists()


def test_who_writes_while_it_happens_is_somebody_new() -> None:
    say("hello", sender=user(4242))
    erase_while(lambda: say("hello again", sender=user(4242)))
    old, new = Person.objects.order_by("pk")
    assert [(old.status, old.telegram_id), (new.status, new.telegram_id)] == [("erased", None), ("active", 4242)]
    assert list(Update.objects.order_by("pk").values_list("person_id", flat=True)) == [old.pk, new.pk]


def erase_while(act: Callable[[], object]) -> None:
    """Erase the one person; the act comes when all of it is done and nothing committed."""

    def meanwhile() -> None:
        try:
            act()
        except services.PersonGone:
            pass
        finally:
            connection.close()

    other = Thread(target=meanwhile)
    with transaction.atomic():
        services.erase_person(person_id=Person.objects.get().pk, reason="r", actor=ACTOR, now=DUE)
        other.start()
        wait_for_a_waiter()
    other.join(timeout=30)
    assert not other.is_alive()


def wait_for_a_waiter() -> None:
    """Look until somebody waits for a lock here; not for ever, because whoever does not wait is what is to be found."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
