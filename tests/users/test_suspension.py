"""Suspension: earns nothing while it lasts, ends by itself once, and is all on record."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.gamification import selectors
from apps.gamification.models import Entry
from apps.users import services, tasks
from apps.users.models import Person, Suspension
from diana import clock
from diana.audit import Actor, ReasonMissing
from diana.audit.models import AuditRecord
from diana.events.models import Failure
from tests.gamification.acts import award, daily
from tests.users.conftest import NOW, Published

LATER = NOW + timedelta(days=3)
ACTOR = Actor(7, "ana", "admin")


def suspend(person: Person, until: datetime | None = LATER, key: str = "k", now: datetime = NOW) -> Suspension:
    """Suspend as staff do."""
    return services.suspend(person_id=person.pk, until=until, reason="Threats", actor=ACTOR, key=key, now=now)


def unsuspend(person: Person, key: str = "u") -> Suspension:
    """End it as staff do."""
    return services.unsuspend(person_id=person.pk, reason="Sorry", actor=ACTOR, key=key, now=NOW)


def status(person: Person) -> str:
    """Return what the person is now."""
    person.refresh_from_db()
    return person.status


def test_it_sets_the_status_and_tells_and_records(person: Person, published: Published) -> None:
    suspend(person)
    record = AuditRecord.objects.get()
    assert status(person) == "suspended"
    assert published(person.pk) == [
        ("admin.user_suspended", {"until": LATER.isoformat(), "actor": 7, "audit": record.pk})
    ]
    assert (record.act, record.reason) == ("suspend_user", "Threats")
    assert record.before == {"status": "active", "until": None}
    assert record.after == {"status": "suspended", "until": LATER.isoformat()}


def test_the_same_key_suspends_once_and_the_end_can_be_moved(person: Person, published: Published) -> None:
    assert suspend(person) == suspend(person)
    suspend(person, None, "k2")
    assert [Suspension.objects.get(ended_at=None).ends_at, Suspension.objects.count()] == [None, 2]
    assert len(published(person.pk)) == 2
    with pytest.raises(services.InvalidSuspension):
        services.suspend(
            person_id=Person.objects.create(telegram_id=7, created_at=NOW).pk,
            until=LATER,
            reason="r",
            actor=ACTOR,
            key="k",
            now=NOW,
        )


@pytest.mark.parametrize("former", ["active", "deactivated", "deletion_requested"])
def test_ended_by_staff_the_person_is_what_they_were(person: Person, published: Published, former: str) -> None:
    if former == "deactivated":
        services.deactivate(person_id=person.pk, key="l", now=NOW)
    elif former == "deletion_requested":
        services.request_deletion(person_id=person.pk, key="l", now=NOW)
    suspend(person)
    suspend(person, None, "k2")
    assert unsuspend(person) == unsuspend(person)
    assert status(person) == former
    assert [event for event, _ in published(person.pk)].count("admin.user_unsuspended") == 1
    with pytest.raises(services.NotSuspended):
        unsuspend(person, "another")


def test_it_ends_by_itself_exactly_once(person: Person, published: Published) -> None:
    suspend(person)
    endless = Person.objects.create(telegram_id=7, created_at=NOW)
    suspend(endless, None, "k2")
    assert services.end_suspensions(now=LATER - timedelta(seconds=1)) == 0
    assert [services.end_suspensions(now=LATER) for _ in range(2)] == [1, 0]
    assert (status(person), status(endless)) == ("active", "suspended")
    assert [event for event, _ in published(person.pk)] == ["admin.user_suspended", "admin.user_unsuspended"]
    assert AuditRecord.objects.get(act="unsuspend_user").actor == "users.end_suspensions"
    assert tasks.end_suspensions() == 0
    assert tasks.end_suspensions() is None


def test_the_erased_do_not_keep_others_from_coming_back(person: Person) -> None:
    suspend(person)
    Person.objects.filter(pk=person.pk).update(status="erased", telegram_id=None)
    other = Person.objects.create(telegram_id=7, created_at=NOW)
    suspend(other, LATER, "k2")
    assert services.end_suspensions(now=LATER) == 2
    assert (status(person), status(other)) == ("erased", "active")
    with pytest.raises(services.PersonGone):
        suspend(person, LATER, "k3")


def test_the_suspended_earn_nothing_and_hold_up_nothing(person: Person) -> None:
    now = clock.now() + timedelta(seconds=1)
    suspend(person, now + timedelta(hours=2), now=now)
    award(daily(person.pk), at=now + timedelta(hours=1))
    assert Entry.objects.get().note == "suspended"
    award(daily(person.pk, "2026-03-12"), at=now + timedelta(hours=26))
    assert selectors.balance(person.pk) == 50
    assert not Failure.objects.exists()


@pytest.mark.parametrize(
    "until",
    [NOW, NOW - timedelta(days=1), NOW + timedelta(days=4000), datetime(2027, 1, 1), datetime.max],  # noqa: DTZ001, DTZ901
)
def test_ends_that_make_no_sense_are_refused(person: Person, until: datetime) -> None:
    with pytest.raises(services.InvalidSuspension):
        suspend(person, until)
    assert status(person) == "active"


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001])
def test_it_needs_a_reason(person: Person, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        services.suspend(person_id=person.pk, until=LATER, reason=reason, actor=ACTOR, key="k", now=NOW)
    assert status(person) == "active"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM users_suspension",
        "TRUNCATE users_suspension",
        "UPDATE users_suspension SET ends_at = now()",
        "UPDATE users_suspension SET ended_at = now()",
        "INSERT INTO users_suspension (person_id, starts_at, suspended_by, former_status, key)"
        " SELECT person_id, now(), 'a', 'active', 'other' FROM users_suspension",
    ],
)
def test_the_database_keeps_them(person: Person, statement: str) -> None:
    suspend(person)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def run(name: str, *arguments: object) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def test_commands_suspend_and_end_it(person: Person) -> None:
    options = ["--person", person.pk, "--reason", "r", "--key", "k"]
    until = (clock.now() + timedelta(days=1)).replace(microsecond=0).astimezone(UTC).isoformat()
    assert "would be suspended" in run("suspend_user", *options, "--until", until, "--dry-run")
    assert status(person) == "active"
    assert json.loads(run("suspend_user", *options, "--until", until, "--json"))["until"] == until
    assert status(person) == "suspended"
    assert "is active again" in run("unsuspend_user", "--person", person.pk, "--reason", "r", "--key", "u")
    assert json.loads(run("unsuspend_user", "--person", person.pk, "--reason", "r", "--key", "u", "--json"))
    for wrong in ("2026-13-01", "2027-01-01T00:00:00", "soon"):
        with pytest.raises(CommandError, match="time zone"):
            run("suspend_user", *options, "--until", wrong)
    with pytest.raises(CommandError, match="not suspended"):
        run("unsuspend_user", "--person", person.pk, "--reason", "r", "--key", "u2")


def send(client: Client, address: str, values: dict[str, str]) -> str:
    """Fill the form in, look at the preview, confirm; return the page after it."""
    page = client.post(address, values)
    shown = page.context["shown"]
    return client.post(address, values | {"shown": shown}, follow=True).content.decode()


def test_in_the_admin_it_is_shown_before_it_is_done(root: Client, person: Person) -> None:
    address = reverse("admin:users_person_suspend", args=[person.pk])
    assert "Until" in root.get(address).content.decode()
    values = {"until_0": "2099-01-01", "until_1": "00:00:00", "reason": "Threats", "key": "abc"}
    assert "within ten years" in send(root, address, values)
    values["until_0"], values["until_1"] = "", ""
    page = root.post(address, values).content.decode()
    assert "until somebody ends it" in page
    assert status(person) == "active"
    assert "Suspended, and recorded." in send(root, address, values)
    assert status(person) == "suspended"
    page = root.get(reverse("admin:users_person_change", args=[person.pk])).content.decode()
    assert reverse("admin:users_person_unsuspend", args=[person.pk]) in page
    assert f'href="{address}"' not in page
    address = reverse("admin:users_person_unsuspend", args=[person.pk])
    assert "has ended" in send(root, address, {"reason": "Sorry", "key": "def"})
    assert status(person) == "active"
