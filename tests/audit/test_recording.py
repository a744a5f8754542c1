"""audit.record(): what it writes, and what neither Python nor the database lets anybody do to it."""

import pytest
from django.db import connection, connections, transaction
from django.db.utils import IntegrityError, ProgrammingError

from diana import clock
from diana.audit import Actor, OutsideTransaction, ReasonMissing, record
from diana.audit.models import AuditRecord
from diana.events.causes import caused_by
from diana.events.envelope import Envelope
from diana.events.identifiers import uuid7

COLUMNS = "actor, origin, act, object_type, object_id, reason"


def test_it_keeps_who_what_and_why(written: AuditRecord) -> None:
    kept = AuditRecord.objects.get()
    assert (kept.actor_id, kept.actor, kept.origin) == (7, "ana", "admin")
    assert (kept.act, kept.object_type, kept.object_id) == ("grant_vip", "users.Person", "12")
    assert kept.before == {"vip_until": None}
    assert kept.after == {"vip_until": "2026-12-01T00:00:00+00:00"}
    assert kept.reason == "won the poetry slam"
    assert kept.correlation_id is None
    assert kept.at == written.at
    assert abs((clock.now() - kept.at).total_seconds()) < 60


def test_it_carries_the_correlation_of_the_event_being_handled(db: None, actor: Actor) -> None:
    cause = Envelope(1, uuid7(), "user.erased", 1, "5", 5, clock.now(), 0, uuid7(), None, "{}")
    with caused_by(cause):
        written = record(actor=actor, act="a", target=("b", 1), before=None, after=None, reason="c")
    assert written.correlation_id == cause.correlation_id
    assert written.before is None


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1001])
def test_it_refuses_a_missing_or_endless_reason(db: None, actor: Actor, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        record(actor=actor, act="a", target=("b", 1), before=None, after=None, reason=reason)


def test_it_refuses_to_run_outside_a_transaction(committed_db: str, actor: Actor) -> None:
    with pytest.raises(OutsideTransaction):
        record(actor=actor, act="a", target=("b", 1), before=None, after=None, reason="c")


def test_it_is_gone_with_the_act_that_failed(committed_db: str, actor: Actor) -> None:
    with transaction.atomic():
        record(actor=actor, act="a", target=("b", 1), before=None, after=None, reason="c")
        transaction.set_rollback(True)
    assert not AuditRecord.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET reason = 'another'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record",
        "ALTER TABLE audit_record DISABLE TRIGGER ALL",
        f"INSERT INTO audit_record ({COLUMNS}, at) VALUES ('a', 'admin', 'a', 'a', 'a', 'a', '2020-01-01')",
    ],
)
def test_the_application_cannot_change_or_date_back(written: AuditRecord, statement: str) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditRecord.objects.get() == written


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_record SET reason = 'another'", "DELETE FROM audit_record", "TRUNCATE audit_record"],
)
def test_the_owner_meets_the_trigger(committed_db: str, statement: str) -> None:
    owner = connections["owner"]
    with pytest.raises(ProgrammingError, match="append-only"), owner.cursor() as cursor:
        cursor.execute(statement)


def test_the_trigger_fires_in_replication_too(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'audit_record_append_only'")
        assert cursor.fetchall() == [("A",)]


@pytest.mark.parametrize(
    "values",
    [
        ("a", "elsewhere", "a", "a", "a", "a"),
        ("a", "admin", "a", "a", "a", "  "),
        ("a", "admin", "a", "a", "a", "x" * 1001),
        ("", "admin", "a", "a", "a", "a"),
        ("a", "admin", "", "a", "a", "a"),
        ("a", "admin", "a", "", "a", "a"),
        ("a", "admin", "a", "a", "", "a"),
    ],
)
def test_the_database_refuses_incomplete_records(db: None, values: tuple[str, ...]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_record ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)", values)


def test_a_command_acts_in_the_name_of_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "olga")
    assert Actor.command() == Actor(None, "olga", "command")
