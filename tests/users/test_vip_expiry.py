"""The clock's part of VIP: each step told once, in order, whoever asks and however late."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import selectors, services, tasks, vip
from apps.users.models import Grant, Person, VipStanding
from apps.users.personal_data import vip as personal
from diana import clock
from diana.audit import Actor
from diana.audit.models import AuditRecord
from tests.users.conftest import NOW, Published

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ACTOR = Actor(7, "ana", "admin")
VIP = ("vip.granted", "vip.renewed", "vip.expiring", "vip.grace_entered", "vip.expired", "vip.revoked")


def grant(person: Person, days: int = 30, now: datetime = NOW, **more: Any) -> Grant:
    """Grant VIP as a purchase does."""
    return services.grant_vip(person_id=person.pk, source="gift", days=days, reason="r", actor=ACTOR, now=now, **more)


def told(person: Person) -> VipStanding:
    """Return what was told last."""
    return VipStanding.objects.get(person=person)


def test_a_month_goes_by_and_each_step_is_told_once_at_its_time(person: Person, published: Published) -> None:
    end = NOW + 30 * DAY
    grant(person)
    assert told(person).due_at == end - 72 * HOUR
    hour = NOW
    while hour < end + 4 * DAY:
        services.expire_vip(now=hour)
        hour += 6 * HOUR
    assert published(person.pk, *VIP)[1:] == [
        ("vip.expiring", {"hours": 72, "until": end.isoformat()}),
        ("vip.expiring", {"hours": 24, "until": end.isoformat()}),
        ("vip.grace_entered", {"until": (end + 48 * HOUR).isoformat()}),
        ("vip.expired", {"until": None}),
    ]
    assert (told(person).state, told(person).due_at) == ("expired", None)
    assert AuditRecord.objects.count() == 1, "time is no act of staff"


@pytest.mark.parametrize("days", [1, 3])
def test_who_is_granted_little_is_not_told_at_once_that_it_ends(
    person: Person, published: Published, days: int
) -> None:
    grant(person, days)
    services.expire_vip(now=NOW)
    assert [kind for kind, _ in published(person.pk)] == ["vip.granted"]
    assert selectors.vip_standings([person.pk], NOW)[person.pk].state == "expiring"


def test_after_an_outage_what_is_overtaken_is_not_told(person: Person, published: Published) -> None:
    grant(person)
    assert services.expire_vip(now=NOW + 33 * DAY) == services.Passed(people=1, expired=1)
    assert [kind for kind, _ in published(person.pk)] == ["vip.granted", "vip.expired"]
    assert services.expire_vip(now=NOW + 33 * DAY) == services.Passed()


def test_a_renewal_extends_what_there_is_and_starts_the_notices_anew(person: Person, published: Published) -> None:
    end = NOW + 30 * DAY
    grant(person)
    services.expire_vip(now=end - DAY)
    renewed = grant(person, now=end - HOUR)
    assert renewed.ends_at == end + 30 * DAY
    services.expire_vip(now=end)
    services.expire_vip(now=end + 27 * DAY)
    assert published(person.pk, *VIP)[1:] == [
        ("vip.expiring", {"hours": 24, "until": end.isoformat()}),
        ("vip.renewed", {"grant": renewed.pk, "until": (end + 30 * DAY).isoformat()}),
        ("vip.expiring", {"hours": 72, "until": (end + 30 * DAY).isoformat()}),
    ]


def test_in_grace_a_renewal_begins_now_and_later_it_is_a_new_grant(person: Person, published: Published) -> None:
    end = NOW + 30 * DAY
    grant(person)
    services.expire_vip(now=end + HOUR)
    assert grant(person, 7, end + 2 * HOUR).ends_at == end + 2 * HOUR + 7 * DAY
    over = end + 7 * DAY + 50 * HOUR
    assert grant(person, 7, over).ends_at == over + 7 * DAY
    kinds = [kind for kind, _ in published(person.pk, *VIP)]
    assert kinds == ["vip.granted", "vip.grace_entered", "vip.renewed", "vip.granted"]


def test_a_revocation_tells_the_grace_that_older_grants_leave(person: Person, published: Published) -> None:
    end = NOW + DAY
    grant(person, 1)
    longer = grant(person, 30, NOW + HOUR)
    services.revoke_grant(grant_id=longer.pk, reason="r", actor=ACTOR, now=end + HOUR)
    assert published(person.pk)[-2:] == [
        ("vip.revoked", {"grant": longer.pk, "until": None}),
        ("vip.grace_entered", {"until": (end + 48 * HOUR).isoformat()}),
    ]
    assert services.expire_vip(now=end + 49 * HOUR).expired == 1


def test_the_task_does_a_minutes_work_once(person: Person) -> None:
    grant(person, 1, clock.now() - 2 * DAY)
    assert tasks.expire_vip() == 1
    assert tasks.expire_vip() is None
    assert told(person).state == "grace"


def test_the_erased_are_told_nothing_and_hold_up_nobody(person: Person, published: Published) -> None:
    other = Person.objects.create(telegram_id=5, created_at=NOW)
    grant(person, 1)
    grant(other, 1)
    Person.objects.filter(pk=person.pk).update(status="erased", telegram_id=None)
    assert services.expire_vip(now=NOW + DAY) == services.Passed(people=2, grace_entered=1)
    assert [kind for kind, _ in published(person.pk)] == ["vip.granted"]
    assert told(person).due_at is None


def test_many_are_told_in_a_fixed_number_of_statements(
    db: None, django_assert_max_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [Person.objects.create(telegram_id=n, created_at=NOW) for n in range(1, 61)]
    services.grant_to_many(
        person_ids=[p.pk for p in crowd], source="gift", days=1, reason="r", actor=ACTOR, key="k", now=NOW
    )
    monkeypatch.setattr("apps.users.services.standings.MOST_AT_ONCE", 25)
    with django_assert_max_num_queries(12):
        assert services.expire_vip(now=NOW + DAY).people == 25
    assert services.expire_all_vip(now=NOW + DAY) == services.Passed(people=35, grace_entered=35)


def run(name: str, *arguments: object) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_does_what_the_task_does(person: Person, published: Published) -> None:
    grant(person, 1, clock.now() - 2 * DAY)
    assert "1 entered grace" in run("expire_vip", "--dry-run")
    assert json.loads(run("expire_vip", "--dry-run", "--json"))["grace_entered"] == 1
    assert [kind for kind, _ in published(person.pk)] == ["vip.granted"]
    assert "0 overrides ended." in run("expire_vip")
    assert [kind for kind, _ in published(person.pk)] == ["vip.granted", "vip.grace_entered"]
    assert json.loads(run("expire_vip", "--json"))["people"] == 0


def test_grants_are_revoked_at_the_command_line(person: Person) -> None:
    now = clock.now()
    first, second = grant(person, 3, now), grant(person, 3, now)
    common = ["--reason", "a mistake"]
    assert "VIP no more" in run("revoke_vip", "--person", person.pk, *common, "--dry-run")
    assert Grant.objects.unrevoked().count() == 2
    assert json.loads(run("revoke_vip", "--grant", second.pk, *common, "--json"))["revoked"] == [second.pk]
    assert "VIP until" in run("revoke_vip", "--grant", grant(person, 3, now).pk, *common)
    assert f"were revoked: {first.pk}." in run("revoke_vip", "--person", person.pk, *common)
    for wrong in (["--person", person.pk, *common], ["--grant", 10**9, *common], ["--grant", first.pk, *common]):
        with pytest.raises(CommandError):
            run("revoke_vip", *wrong)
    kept = AuditRecord.objects.latest("id")
    assert (kept.act, kept.origin, kept.reason) == ("revoke_vip", "command", "a mistake")


GOOD = {"state": "active", "until": NOW, "kept_until": NOW}


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "magic"},
        {"until": None},
        {"state": "grace"},
        {"state": "expired"},
        {"state": "expiring"},
        {"state": "expiring", "hours": 48},
        {"hours": 24},
        {"mode": "on"},
        {"mode": "up", "mode_until": NOW},
    ],
)
def test_what_was_told_cannot_contradict_itself(person: Person, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        VipStanding.objects.create(person=person, **(GOOD | wrong))
    VipStanding.objects.create(person=person, **GOOD)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE users_vipstanding SET kept_until = NULL")


def test_a_copy_holds_all_of_it_and_erasing_forgets_how_the_person_stands(person: Person) -> None:
    grant(person, 3, payment_reference="charge")
    until = NOW + DAY
    services.override_vip(person_id=person.pk, mode="off", until=until, reason="why", actor=ACTOR, key="k", now=NOW)
    copy = json.loads(json.dumps(personal.export(person.pk)))
    assert [(row["source"], row["payment_reference"]) for row in copy["vip_grants"]] == [("gift", "charge")]
    assert [(row["mode"], row["until"]) for row in copy["vip_overrides"]] == [("off", until.isoformat())]
    assert copy["vip"][0]["state"] == "expired"
    assert "ana" not in json.dumps(copy)
    for _ in range(2):
        personal.erase(person.pk, NOW)
    assert personal.export(person.pk)["vip"] == []
    assert services.expire_vip(now=NOW + 9 * DAY) == services.Passed()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users_grant SET ends_at = ends_at + interval '1 year'",
        "UPDATE users_grant SET reason = 'another'",
        "UPDATE users_grant SET granted_by = 'me'",
        "UPDATE users_grant SET key = 'another'",
        "DELETE FROM users_grant",
        "TRUNCATE users_grant CASCADE",
        "UPDATE users_vipoverride SET until = until + interval '1 year'",
        "UPDATE users_vipoverride SET mode = 'on'",
        "UPDATE users_vipoverride SET reason = 'another'",
        "UPDATE users_vipoverride SET ended_at = now()",
        "DELETE FROM users_vipoverride",
        "TRUNCATE users_vipoverride",
        "ALTER TABLE users_vipoverride DISABLE TRIGGER users_vipoverride_guard",
        "UPDATE audit_record SET reason = 'another'",
        "UPDATE audit_record SET actor = 'me'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
        "INSERT INTO users_vipoverride (person_id, mode, starts_at, until, reason, forced_by, key)"
        " SELECT id, 'up', now(), now() + interval '1 day', 'r', 'me', 'x' FROM users_person",
        "INSERT INTO users_vipoverride (person_id, mode, starts_at, until, reason, forced_by, key)"
        " SELECT id, 'on', now(), now(), 'r', 'me', 'x' FROM users_person",
        "INSERT INTO users_vipoverride (person_id, mode, starts_at, until, reason, forced_by, key)"
        " SELECT id, 'on', now(), now() + interval '1 day', ' ', 'me', 'x' FROM users_person",
        "INSERT INTO users_vipoverride (person_id, mode, starts_at, until, reason, forced_by, key)"
        " SELECT id, 'on', now(), now() + interval '1 day', 'r', '', 'x' FROM users_person",
    ],
)
def test_nobody_rewrites_what_was_promised_or_the_record_of_it(person: Person, statement: str) -> None:
    grant(person)
    until = NOW + DAY
    services.override_vip(person_id=person.pk, mode="off", until=until, reason="r", actor=ACTOR, key="k", now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_states_of_table_and_module_are_the_same() -> None:
    assert tuple(VipStanding.State.values) == vip.STATES
