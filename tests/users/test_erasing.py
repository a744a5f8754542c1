"""Erasing people: by the clock when they asked, at once by staff; once, and on record."""

import io
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.users import privacy, selectors, services, tasks
from apps.users.models import Departure, Person, Staff, Tombstone
from apps.users.tombstones import digest_of
from diana import clock
from diana.acts import StateChanged
from diana.audit import Actor, ReasonMissing
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from tests.users.conftest import NOW, Published

ACTOR = Actor(7, "ana", "admin")
DUE = NOW + timedelta(days=7)


def erase(person: Person, reason: str = "They wrote to us.", **fields: Any) -> None:
    services.erase_person(person_id=person.pk, reason=reason, actor=ACTOR, now=NOW, **fields)


def known(number: int = 4242) -> Person:
    """Add somebody of whom everything is known."""
    return Person.objects.create(
        telegram_id=number,
        first_name="Canary",
        last_name="Byrd",
        username="canary_byrd",
        folded_names="canary byrd canary byrd",
        language="ru",
        timezone="Europe/Madrid",
        timezone_chosen=True,
        timezone_guessed=True,
        former_timezones=[["UTC", NOW.isoformat()]],
        registered_at=NOW,
        last_act_at=NOW,
        last_active_date=NOW.date(),
        created_at=NOW,
    )


@pytest.mark.django_db
def test_the_number_stays_and_nothing_that_says_whose_it_is(published: Published) -> None:
    person = known()
    erase(person)
    assert Person.objects.values().get() == {
        "id": person.pk,
        "telegram_id": None,
        "first_name": "",
        "last_name": "",
        "username": "",
        "folded_names": "",
        "language": "en",
        "timezone": "UTC",
        "timezone_chosen": False,
        "timezone_guessed": False,
        "former_timezones": [],
        "status": "erased",
        "registered_at": NOW,
        "last_act_at": None,
        "last_active_date": None,
        "created_at": NOW,
        "preferences": {},
        "visibility": "hidden",
        "invite_code": None,
    }
    assert published(person.pk) == [("user.erased", {})]
    record = AuditRecord.objects.get()
    assert (record.act, record.reason, record.actor) == ("erase_person", "They wrote to us.", "ana")
    assert (record.before, record.after) == ({"status": "active"}, {"status": "erased"})


@pytest.mark.django_db
def test_a_second_time_there_is_nobody(published: Published) -> None:
    person = known()
    erase(person)
    with pytest.raises(services.PersonGone):
        erase(person)
    assert len(published(person.pk, "user.erased")) == 1
    for part in privacy.parts():
        part.erase(person.pk, NOW)


@pytest.mark.django_db
def test_the_erased_are_known_again_by_a_digest_alone(settings: Any) -> None:
    erase(known())
    assert bytes(Tombstone.objects.get().digest) == digest_of(4242, settings.TOMBSTONE_KEY)
    assert (selectors.was_erased(4242), selectors.was_erased(4243)) == (True, False)
    settings.TOMBSTONE_KEY = "another"
    assert not selectors.was_erased(4242)
    settings.TOMBSTONE_KEY = "development-only-key-of-tombstones"
    again = Person.objects.create(telegram_id=4242, created_at=NOW)
    erase(again)
    assert Tombstone.objects.count() == 1


@pytest.mark.django_db
def test_tombstones_are_digests_and_stay() -> None:
    erase(known())
    stones = Tombstone.objects.all()
    for change in (stones.delete, lambda: stones.update(digest=bytes(32))):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="users_tombstone_digest_length"), transaction.atomic():
        Tombstone.objects.create(digest=b"4242")


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["asked by @canary_byrd", "for 4242", "CANARY BYRD left"])
def test_a_reason_that_names_them_is_refused(reason: str) -> None:
    with pytest.raises(services.ReasonNamesPerson, match="leave out"):
        erase(known(), reason)
    assert not AuditRecord.objects.exists()


@pytest.mark.django_db
def test_without_a_reason_nothing_goes() -> None:
    person = known()
    with pytest.raises(ReasonMissing):
        erase(person, " ")
    assert Person.objects.get().telegram_id == 4242


@pytest.mark.django_db
def test_what_changed_since_it_was_shown_is_not_done() -> None:
    person = known()
    shown = services.preview_erasure(person_id=person.pk).effect
    services.request_deletion(person_id=person.pk, key="k", now=NOW)
    with pytest.raises(StateChanged):
        erase(person, shown=shown)
    erase(person, shown=services.preview_erasure(person_id=person.pk).effect)
    with pytest.raises(services.PersonGone):
        services.preview_erasure(person_id=person.pk)


@pytest.mark.django_db
def test_those_who_asked_go_when_a_week_is_over(published: Published) -> None:
    person, other = known(), known(7)
    services.request_deletion(person_id=person.pk, key="k", now=NOW)
    services.deactivate(person_id=other.pk, key="o", now=NOW)
    assert services.erase_due(now=DUE - timedelta(seconds=1)) == 0
    assert [services.erase_due(now=DUE) for _ in range(2)] == [1, 0]
    assert sorted(Person.objects.values_list("status", flat=True)) == ["deactivated", "erased"]
    assert Departure.objects.get(person=person).outcome == "erased"
    assert [found for found, _ in published(person.pk)][-1] == "user.erased"
    record = AuditRecord.objects.get()
    assert record.actor == "users.erase_due"
    assert "due at 2026-11-29T12:00:00+00:00" in record.reason


@pytest.mark.django_db
def test_suspension_does_not_keep_the_clock_from_erasing() -> None:
    person = known()
    services.request_deletion(person_id=person.pk, key="k", now=NOW)
    services.suspend(person_id=person.pk, until=None, reason="r", actor=ACTOR, key="s", now=NOW)
    assert services.erase_due(now=DUE) == 1
    assert services.end_suspensions(now=DUE) == 0


@pytest.mark.django_db
def test_one_who_cannot_be_erased_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    people = [known(1), known(2)]
    for person in people:
        services.request_deletion(person_id=person.pk, key=f"k{person.pk}", now=NOW)
    part = privacy.parts()[0]

    def stumble(person_id: int, now: Any) -> None:
        assert person_id != people[0].pk, "stumbled"

    broken = privacy.Part(part.name, part.personal, part.other, part.export, stumble)
    monkeypatch.setitem(privacy._parts, part.name, broken)
    with caplog.at_level(logging.ERROR):
        assert services.erase_due(now=DUE) == 1
    assert [Person.objects.get(pk=p.pk).status for p in people] == ["deletion_requested", "erased"]
    assert not Tombstone.objects.filter(digest=digest_of(1, "development-only-key-of-tombstones")).exists()
    assert "could not be erased" in caplog.text
    monkeypatch.undo()
    assert services.erase_due(now=DUE) == 1


@pytest.mark.django_db
def test_the_task_asks_the_clock() -> None:
    services.request_deletion(person_id=known().pk, key="k", now=clock.now() - timedelta(days=8))
    assert [tasks.erase_due(), tasks.erase_due()] == [1, 0]


@pytest.mark.django_db
def test_djangos_own_list_of_acts_names_nobody(root: Client) -> None:
    person = known()
    LogEntry.objects.create(
        user=Staff.objects.get(),
        content_type=ContentType.objects.get_for_model(Person),
        object_id=str(person.pk),
        object_repr=str(person),
        action_flag=CHANGE,
        change_message="Canary",
    )
    erase(person)
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == (f"Player {person.pk}", "")


def erase_user(*arguments: object) -> str:
    out = io.StringIO()
    call_command("erase_user", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_shows_and_then_does_it() -> None:
    person = known()
    shown = erase_user("--telegram-id", 4242, "--reason", "r", "--dry-run")
    assert "would be erased" in shown
    assert "bot_update.body" in shown
    assert "canary" not in shown.casefold()
    assert Person.objects.get().status == "active"
    assert json.loads(erase_user("--person", person.pk, "--reason", "r", "--dry-run", "--json")) == {
        "person": person.pk,
        "erased": False,
    }
    assert erase_user("--person", person.pk, "--reason", "r") == f"Person {person.pk} was erased.\n"
    assert AuditRecord.objects.get().origin == "command"
    for who in (("--person", person.pk), ("--telegram-id", 4242)):
        with pytest.raises(CommandError):
            erase_user(*who, "--reason", "r")


@pytest.mark.django_db
def test_the_export_command_writes_a_file_of_ones_own(tmp_path: Path) -> None:
    person = known()
    file = tmp_path / "copy.json"
    call_command(
        "export_user", "--person", str(person.pk), "--reason", "r", "--output", str(file), stderr=io.StringIO()
    )
    assert json.loads(file.read_bytes())["person"] == person.pk
    assert file.stat().st_mode & 0o777 == 0o600
    assert AuditRecord.objects.get().act == "export_person"
    out = io.StringIO()
    call_command("export_user", "--telegram-id", "4242", "--reason", "r", stdout=out)
    assert "Canary" in out.getvalue()
    for wrong in (file, tmp_path / "no" / "folder"):
        with pytest.raises(CommandError):
            call_command("export_user", "--person", str(person.pk), "--reason", "r", "--output", str(wrong))
    with pytest.raises(CommandError, match="unknown or erased"):
        call_command("export_user", "--person", str(10**9), "--reason", "r")


def staff_who_may(client: Client, *permissions: str) -> Client:
    """Log in somebody with these permissions."""
    eva = Staff.objects.create_user("eva", is_staff=True)
    eva.user_permissions.set(Permission.objects.filter(codename__in=("view_person", *permissions)))
    client.force_login(eva)
    return client


@pytest.mark.django_db
def test_staff_erase_after_they_have_seen_what_goes(client: Client) -> None:
    person = known()
    address = reverse("admin:users_person_erase", args=[person.pk])
    staff_who_may(client, "erase_person")
    assert address in client.get(reverse("admin:users_person_change", args=[person.pk])).content.decode()
    sent = {"reason": "They wrote to us.", "key": "k1"}
    first = client.post(address, sent)
    for page in (client.get(address), first):
        assert "Erase now: Canary" in page.content.decode().partition("</head>")[2]
    assert "leads to nobody" in first.content.decode()
    assert Person.objects.get().status == "active"
    client.post(address, sent | {"shown": first.context["shown"]})
    assert (Person.objects.get().status, AuditRecord.objects.get().actor) == ("erased", "eva")
    page = client.get(reverse("admin:users_person_change", args=[person.pk])).content.decode()
    assert address not in page
    assert "Canary" not in page
    assert client.post(address, sent | {"shown": first.context["shown"]}).status_code == 302


@pytest.mark.django_db
def test_staff_take_a_copy_with_a_reason(client: Client) -> None:
    person = known()
    address = reverse("admin:users_person_export_data", args=[person.pk])
    staff_who_may(client, "export_person")
    asked = client.get(address).content.decode().partition("</head>")[2]
    assert "leave out names" in asked
    assert "Export the person&#x27;s data: Canary" in asked
    assert client.post(address, {"reason": " "}).status_code == 200
    given = client.post(address, {"reason": "They asked for it."})
    assert json.loads(given.content)["sections"]["users"]["identity"]["first_name"] == "Canary"
    assert "attachment" in given["Content-Disposition"]
    assert "no-store" in given["Cache-Control"]
    assert (AuditRecord.objects.get().act, AuditRecord.objects.get().reason) == ("export_person", "They asked for it.")
    erase(person)
    assert client.post(address, {"reason": "again"}).status_code == 302


@pytest.mark.django_db
def test_staff_without_the_permissions_do_neither(client: Client) -> None:
    person = known()
    staff_who_may(client, "suspend_person")
    for act in ("erase", "export_data"):
        assert client.post(reverse(f"admin:users_person_{act}", args=[person.pk]), {"reason": "r"}).status_code == 403
    assert client.get(reverse("admin:users_person_change", args=[person.pk])).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_record")
        assert cursor.fetchone() == (0,)


def test_accounts_behind_which_no_person_stands_are_erased_with_those_who_are_due() -> None:
    """Releases before took posts of linked channels for a person."""
    made = [Person.objects.create(telegram_id=number, first_name="Telegram", created_at=NOW) for number in (777_000, 7)]
    assert services.erase_due(now=NOW) == 1
    assert services.erase_due(now=NOW) == 0
    assert [Person.objects.get(pk=person.pk).status for person in made] == ["erased", "active"]
    assert StoredEvent.objects.get(type="user.erased").user_id == made[0].pk
    assert AuditRecord.objects.get(act="erase_person").reason == "A service account of Telegram: no person."
