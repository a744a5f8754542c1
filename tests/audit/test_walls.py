"""What staff change leaves a record by whichever of four ways they come: the admin, a service, the ORM in a shell, psql."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.gamification import services
from apps.gamification.decide.entries import Draft, append
from apps.gamification.decide.facts import microseconds
from apps.gamification.loading import lock_standings
from apps.gamification.models import Flag, Hold, MultiplierVersion, Rule, RuleVersion, StaffRequest
from apps.gamification.storing import write_entries
from apps.users import services as people
from apps.users.models import Grant, Person, Staff, Suspension
from diana import clock
from diana.audit import Actor, record
from diana.audit.models import AuditRecord
from tests.gamification.acts import NOON, STAFF, award, daily, message, person
from tests.gamification.test_admin import confirm
from tests.servers import ARRANGER, Servers

ASKER = Actor(999_999, "vera", "admin")
REASON = "without a reason: made past the services"


@pytest.fixture
def somebody(db: None) -> int:
    """A person with a flag, a grant and points."""
    spammer = person()
    services.add_multiplier_version(
        active_from=NOON, config={"detectors": {"rapid_fire": {"action": "flag"}}}, reason="r", actor=STAFF, now=NOON
    )
    award(*[message(spammer) for _ in range(12)])
    people.grant_vip(person_id=spammer, source="gift", days=3, reason="a", actor=STAFF, now=clock.now())
    ask = {"person_id": spammer, "amount": 20_000}
    services.act_or_ask(act="award_points", parameters=ask, reason="r", actor=ASKER, key="ask", now=NOON)
    return spammer


def settle() -> list[AuditRecord]:
    """Let what waits for the commit happen; return what was recorded past the services."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return list(AuditRecord.objects.filter(reason=REASON).order_by("id"))


def as_another_transaction() -> None:
    """Forget, as a new transaction would, what this one has recorded."""
    settle()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('diana.audited', '', true)")


def new_entry(person_id: int, kind: str = "staff_award", amount: int = 10) -> None:
    """Write an entry by the ledger's own means, as somebody at a shell would."""
    standing = lock_standings([person_id])[0][person_id]
    draft: Draft = append(
        standing,
        kind=kind,  # type: ignore[arg-type]
        amount=amount,
        base=amount,
        idempotency_key=f"shell-{kind}",
        occurred_at=microseconds(NOON),
        actor="shell:me",
        reason_hash=bytes(32),
    )
    write_entries([draft])


# What a shell can change, and the record that it leaves: act, kind of object.
CHANGES: dict[str, tuple[Callable[[int], object], str, str]] = {
    "award": (new_entry, "insert gamification_entry", "gamification.Account"),
    "penalty": (
        lambda p: new_entry(p, "penalty", -10),
        "insert gamification_entry",
        "gamification.Account",
    ),
    "rule switched": (
        lambda p: Rule.objects.filter(pk="login").update(active=False),
        "update gamification_rule",
        "gamification.Rule",
    ),
    "rule added": (
        lambda p: Rule.objects.create(key="new", title="New"),
        "insert gamification_rule",
        "gamification.Rule",
    ),
    "version added": (
        lambda p: RuleVersion.objects.create(
            rule_id="login", version=2, active_from=NOON, event_type="game.login", base=9, created_by="me"
        ),
        "insert gamification_ruleversion",
        "gamification.Rule",
    ),
    "bonuses added": (
        lambda p: MultiplierVersion.objects.create(version=9, active_from=NOON, config={}, created_by="me"),
        "insert gamification_multiplierversion",
        "gamification.MultiplierVersion",
    ),
    "suspended": (
        lambda p: Person.objects.filter(pk=p).update(status="suspended"),
        "update users_person",
        "users.Person",
    ),
    "suspension added": (
        lambda p: Suspension.objects.create(
            person_id=p, starts_at=NOON, suspended_by="me", former_status="active", key="x"
        ),
        "insert users_suspension",
        "users.Person",
    ),
    "granted": (
        lambda p: Grant.objects.create(
            person_id=p, source="gift", starts_at=NOON, ends_at=NOON + timedelta(1), reason="r", granted_by="me"
        ),
        "insert users_grant",
        "users.Person",
    ),
    "revoked": (
        lambda p: Grant.objects.filter(person_id=p).update(revoked_at=NOON, revoked_by="me"),
        "update users_grant",
        "users.Person",
    ),
    "flag decided": (
        lambda p: Flag.objects.update(status="dismissed", resolved_at=NOON, resolved_by="me"),
        "update gamification_flag",
        "gamification.Flag",
    ),
    "hold settled": (
        lambda p: Hold.objects.filter(pk=Hold.objects.earliest("pk").pk).update(status="forfeited"),
        "update gamification_hold",
        "gamification.Flag",
    ),
    "request decided": (
        lambda p: StaffRequest.objects.update(
            status="approved", decided_by_id=5, decided_by="me", decided_at=NOON, decision="yes"
        ),
        "update gamification_staffrequest",
        "gamification.StaffRequest",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_orm_in_a_shell_leaves_a_record(somebody: int, change: str) -> None:
    do, act, kind = CHANGES[change]
    as_another_transaction()
    do(somebody)
    (written,) = settle()
    assert (written.act, written.object_type, written.origin) == (act, kind, "shell")
    assert written.actor.startswith(f"{ARRANGER} (")
    assert (written.before is None) == act.startswith("insert")
    assert written.after


def test_of_people_nothing_but_the_status_is_recorded(somebody: int) -> None:
    as_another_transaction()
    Person.objects.filter(pk=somebody).update(status="suspended", first_name="Ana")
    (written,) = settle()
    assert (written.before, written.after) == (
        {"id": somebody, "status": "active"},
        {"id": somebody, "status": "suspended"},
    )


def test_what_is_no_act_of_staff_leaves_none(somebody: int) -> None:
    as_another_transaction()
    award(daily(somebody))
    award(message(somebody))
    Person.objects.filter(pk=somebody).update(status="deactivated", first_name="Ana")
    assert settle() == []


def test_a_record_about_something_else_does_not_cover_it(somebody: int) -> None:
    as_another_transaction()
    record(actor=STAFF, act="a", target=("users.Person", somebody + 1), before=None, after=None, reason="r")
    Person.objects.filter(pk=somebody).update(status="suspended")
    assert len(settle()) == 1


def test_setting_the_mark_by_hand_hides_nothing(somebody: int) -> None:
    as_another_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('diana.audited', '1', true)")
    Rule.objects.filter(pk="login").update(active=False)
    assert len(settle()) == 1


def test_services_leave_their_own_record_and_no_other(somebody: int) -> None:
    olga = Staff.objects.create_superuser("olga")
    as_another_transaction()
    past, before = settle(), AuditRecord.objects.count()
    flag, asked = Flag.objects.get(), StaffRequest.objects.get()
    how = {"reason": "r", "actor": STAFF, "now": NOON}
    later = {"reason": "r", "actor": STAFF, "now": clock.now()}
    services.dismiss_flag(flag_id=flag.pk, key="k", **how)
    services.refuse(request_id=asked.pk, reason="r", actor=Actor(olga.pk, "olga", "admin"), now=NOON)
    entry = services.award(person_id=somebody, amount=5, key="a", **how)
    services.award(person_id=somebody, amount=-5, key="b", **how)
    services.reverse_entry(entry_id=entry.pk, key="c", **how)
    services.set_rule_active(rule="login", active=False, **how)
    people.suspend(person_id=somebody, until=None, key="s", **later)
    people.unsuspend(person_id=somebody, key="u", **later)
    people.revoke_grant(grant_id=Grant.objects.get().pk, **later)
    assert settle() == past
    assert AuditRecord.objects.count() == before + 9


def test_the_admin_leaves_the_services_record(client: Client, somebody: int) -> None:
    client.force_login(Staff.objects.create_superuser("root"))
    as_another_transaction()
    past = settle()
    confirm(client, "/admin/gamification/rule/login/switch/", {"reason": "Too easy", "key": "abc"})
    assert settle() == past
    assert AuditRecord.objects.latest("id").reason == "Too easy"


def test_psql_as_the_application_leaves_a_record(servers: Servers, committed_db: str) -> None:
    with psycopg.connect(servers.url("diana_app", committed_db), application_name="psql", autocommit=True) as session:
        session.execute("UPDATE gamification_rule SET active = false WHERE key = 'login'")
    written = AuditRecord.objects.get()
    assert (written.actor, written.act, written.object_id) == (
        "diana_app (psql)",
        "update gamification_rule",
        "login",
    )
    assert (written.before["active"], written.after["active"], written.reason) == (True, False, REASON)


def test_a_committed_change_in_another_transaction_is_not_covered_by_an_earlier_record(committed_db: str) -> None:
    services.set_rule_active(rule="login", active=False, reason="r", actor=STAFF, now=NOON)
    Rule.objects.filter(pk="login").update(active=True)
    assert list(AuditRecord.objects.order_by("id").values_list("act", flat=True)) == [
        "retire_rule",
        "update gamification_rule",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE gamification_rule DISABLE TRIGGER gamification_rule_audited",
        "DROP TRIGGER users_person_audited ON users_person",
        "CREATE OR REPLACE FUNCTION audit_past_services() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
        "DROP FUNCTION audit_past_services() CASCADE",
    ],
)
def test_the_application_cannot_take_the_walls_down(db: None, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_every_wall_stands_also_in_replication(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgenabled FROM pg_trigger WHERE tgfoid = 'audit_past_services'::regproc"
        )
        walls = dict(cursor.fetchall())
    assert set(walls.values()) == {"A"}
    assert {name.partition("_")[2] for name in walls} >= {"entry", "rule", "ruleversion", "person", "grant", "flag"}


def test_what_is_audited_by_row_cannot_be_emptied_past_the_rows(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%\\_audited' EXCEPT"
            " SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgtype & 32 = 32 AND tgenabled = 'A'"
        )
        assert sorted(name for (name,) in cursor.fetchall()) == []
