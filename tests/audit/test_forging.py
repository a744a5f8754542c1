"""What the database itself notes with each record, and what somebody with SQL can make of the audit record."""

from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from apps.users.models import Staff
from diana import clock
from diana.audit import Actor, record
from diana.audit.models import AuditRecord
from tests.servers import Servers

VERA = Actor(7, "vera", "admin")
FORGE = (
    "INSERT INTO audit_record (actor_id, actor, origin, act, object_type, object_id, reason{columns})"
    " VALUES (7, 'vera', 'admin', 'a', 'users.Staff', '7', 'r'{values})"
)


@pytest.mark.django_db
def test_the_database_notes_its_role_its_transaction_and_its_own_time() -> None:
    written = record(actor=VERA, act="a", target=("users.Person", 1), before=None, after=None, reason="r")
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, pg_current_xact_id()::text::bigint")
        assert (written.written_as, written.written_in) == cursor.fetchone()
    assert abs(written.written_at - clock.real_now()) < timedelta(minutes=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"), [("written_as", "'diana_owner'"), ("written_in", "1"), ("written_at", "'2001-01-01'")]
)
def test_the_application_writes_none_of_it(column: str, value: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGE.format(columns=f", {column}", values=f", {value}"))


def test_a_record_of_somebody_elses_transaction_does_not_cover_a_change(servers: Servers, committed_db: str) -> None:
    ida = Staff.objects.create_user("ida")
    with psycopg.connect(servers.url("diana_app", committed_db)) as session:
        session.execute("SELECT set_config('diana.audited', '1', true)")
        with transaction.atomic():
            record(actor=VERA, act="log_in", target=("users.Staff", ida.pk), before=None, after=None, reason="r")
        session.execute("UPDATE users_staff SET is_superuser = true WHERE id = %s", [ida.pk])
    assert AuditRecord.objects.latest("id").after["is_superuser"] is True


def test_a_record_of_somebody_elses_transaction_does_not_cover_a_rule(servers: Servers, committed_db: str) -> None:
    with psycopg.connect(servers.url("diana_app", committed_db)) as session:
        session.execute("SELECT set_config('diana.audited', '1', true)")
        with transaction.atomic():
            record(actor=VERA, act="a", target=("gamification.Rule", "login"), before=None, after=None, reason="r")
        session.execute("UPDATE gamification_rule SET active = false WHERE key = 'login'")
    assert AuditRecord.objects.latest("id").act == "update gamification_rule"
