"""Real threads: a suspension that ends by itself while others end it too, or while staff make it longer."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction

from apps.users import services
from apps.users.models import Person, Suspension
from diana.audit import Actor
from diana.events.models import StoredEvent
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW

pytestmark = pytest.mark.usefixtures("committed_db")

ACTOR = Actor(7, "ana", "admin")
OVER = NOW + timedelta(hours=2)


def suspended() -> Person:
    """Add somebody who is suspended for an hour."""
    person = Person.objects.create(telegram_id=4242, created_at=NOW)
    until = NOW + timedelta(hours=1)
    services.suspend(person_id=person.pk, until=until, reason="r", actor=ACTOR, key="k", now=NOW)
    return person


def test_it_ends_once_however_many_end_it() -> None:
    suspended()
    ended = list[int]()
    at_once(*[lambda: ended.append(services.end_suspensions(now=OVER))] * 4)
    assert sorted(ended) == [0, 0, 0, 1]
    assert StoredEvent.objects.filter(type="admin.user_unsuspended").count() == 1


def test_what_staff_make_longer_meanwhile_does_not_end() -> None:
    person, ended = suspended(), list[int]()

    def end() -> None:
        try:
            ended.append(services.end_suspensions(now=OVER))
        finally:
            connection.close()

    ending = Thread(target=end)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        ending.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with connection.cursor() as cursor:
            for _ in range(2000):
                cursor.execute("SELECT pg_stat_clear_snapshot()")
                cursor.execute(waiting)
                if cursor.fetchone()[0]:
                    break
        services.suspend(
            person_id=person.pk, until=OVER + timedelta(days=1), reason="r", actor=ACTOR, key="k2", now=NOW
        )
    ending.join(timeout=30)
    person.refresh_from_db()
    assert (ended, person.status) == ([0], "suspended")
    assert Suspension.objects.filter(ended_at=None).count() == 1
