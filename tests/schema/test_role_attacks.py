"""What each role of the database is refused: the attacks by SQL of whoever has the address of a process."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from django.db import transaction
from django.db.utils import ProgrammingError

from apps.gamification import loading, storing
from apps.gamification.decide.entries import append
from diana.events import publish
from diana.local.roles import APPLICATION, DOOR, STAFF
from tests.acting_roles import acting
from tests.gamification.acts import NOON, event, person
from tests.schema.catalogue import Connection
from tests.servers import Servers

LOGIN = """INSERT INTO users_staff (username, password, is_superuser, is_staff, is_active, first_name, last_name, email,
    date_joined) VALUES ('mallory', '!', true, true, true, '', '', '', now())"""
SESSION = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('forged', '', now())"
LOGGED = """INSERT INTO django_admin_log (action_time, object_repr, action_flag, change_message, user_id)
    SELECT now(), 'x', 1, '', id FROM users_staff"""
ENTRY = "INSERT INTO gamification_entry (account_id, sequence, amount) VALUES (1, 1, 10000)"
UPDATE = "INSERT INTO bot_update (bot_id, update_id, kind, body, received_at) VALUES (1, 1, 'message', '', now())"
FORGED = """INSERT INTO {} (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes, correlation_id,
    payload{}) SELECT gen_random_uuid(), '{}', 1, 0, '1', 1, now(), 0, gen_random_uuid(), '{{}}'{}"""
DEFERRED = (", source, due_at", ", 'telegram', now()")
CURSOR = "UPDATE event_cursor SET position = position + 1000"
LIMIT = "DELETE FROM event_role_limit"
RECORD = """INSERT INTO audit_record (at, actor, origin, act, object_type, object_id, reason)
    SELECT now(), 'olga', 'admin', 'x', 'x', '1', 'x'"""

# "permission denied" of the rights, or the words of a trigger.
DENIED = "permission denied"
ATTACKS = {
    APPLICATION: [
        (DENIED, LOGIN),
        (DENIED, "UPDATE users_staff SET is_superuser = true"),
        (DENIED, "UPDATE users_staff SET password = ''"),
        (DENIED, "INSERT INTO users_staff_user_permissions (staff_id, permission_id) VALUES (1, 1)"),
        (DENIED, "INSERT INTO users_staff_groups (staff_id, group_id) VALUES (1, 1)"),
        (DENIED, "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1)"),
        (DENIED, "UPDATE auth_permission SET codename = 'x'"),
        (DENIED, SESSION),
        (DENIED, "SELECT session_data FROM django_session"),
        (DENIED, LOGGED),
        (DENIED, "DELETE FROM django_admin_log"),
        (DENIED, "DELETE FROM axes_accessattempt"),
        (DENIED, UPDATE),
        (DENIED, LIMIT),
        (DENIED, RECORD),
        ("beyond the log", CURSOR),
    ],
    STAFF: [
        (DENIED, UPDATE),
        (DENIED, CURSOR),
        (DENIED, "UPDATE gamification_account SET balance = 7"),
        (DENIED, "INSERT INTO payments_payment (charge) VALUES ('x')"),
        (DENIED, "INSERT INTO gamification_hold (account_id) VALUES (1)"),
        (DENIED, "INSERT INTO event_delivery (subscriber) VALUES ('x')"),
        (DENIED, "UPDATE auth_permission SET codename = 'x'"),
        (DENIED, LIMIT),
        (DENIED, RECORD),
        *[
            ("adds no row with the type", FORGED.format("event_log", "", kind, ""))
            for kind in ("game.daily_login", "game.message_sent", "user.active_day", "payment.succeeded")
        ],
    ],
    DOOR: [
        (DENIED, ENTRY),
        (DENIED, "SELECT FROM gamification_account"),
        (DENIED, "SELECT balance_after FROM gamification_entry"),
        (DENIED, "SELECT body FROM bot_update"),
        (DENIED, "SELECT document FROM bot_update"),
        (DENIED, "SELECT user_id, sealed_payload FROM event_log"),
        (DENIED, "SELECT body FROM bot_unreadable"),
        (DENIED, "SELECT reason FROM audit_record"),
        (DENIED, "SELECT FROM users_staff"),
        (DENIED, "SELECT FROM django_session"),
        (DENIED, CURSOR),
        (DENIED, LIMIT),
        (DENIED, RECORD),
        ("adds no row with the type", FORGED.format("event_log", "", "game.daily_login", "")),
        ("adds no row with the type", FORGED.format("event_log", "", "admin.points_force_awarded", "")),
        ("adds no row with the type", FORGED.format("event_deferred", DEFERRED[0], "game.daily_login", DEFERRED[1])),
    ],
}


@pytest.fixture(scope="module")
def sessions(servers: Servers, filled: str) -> Iterator[dict[str, Connection]]:
    """A connection of each role, for the whole file."""
    opened = {role: psycopg.connect(servers.url(role, filled), autocommit=True) for role in ATTACKS}
    yield opened
    for session in opened.values():
        session.close()


@pytest.mark.parametrize(
    ("role", "says", "statement"), [(role, *attack) for role, attacks in ATTACKS.items() for attack in attacks]
)
def test_it_is_refused(sessions: dict[str, Connection], role: str, says: str, statement: str) -> None:
    with (
        sessions[role].transaction(force_rollback=True),
        pytest.raises(psycopg.errors.InsufficientPrivilege, match=says),
    ):
        sessions[role].execute(statement)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (APPLICATION, FORGED.format("event_log", "", "game.daily_login", "")),
        (APPLICATION, "UPDATE event_cursor SET position = (SELECT last_value FROM event_log_id_seq)"),
        (STAFF, FORGED.format("event_log", "", "admin.user_suspended", "")),
        (STAFF, LOGGED),
        (DOOR, FORGED.format("event_log", "", "bot.update_received", "")),
        (DOOR, FORGED.format("event_deferred", DEFERRED[0], "bot.message_received", DEFERRED[1])),
    ],
)
def test_what_it_is_there_for_it_may(sessions: dict[str, Connection], role: str, statement: str) -> None:
    with sessions[role].transaction(force_rollback=True):
        sessions[role].execute(statement)  # type: ignore[arg-type]


BY_RULE: dict[str, object] = {"rule": "daily_login", "rule_version": 1, "event_id": UUID(int=7)}
# Why an act earned nothing.
FELL_AWAY = {"note": "cap=50"}
BY_STAFF: dict[str, object] = {"actor": "admin:vera", "reason_hash": bytes(32)}


def _give(account: int, kind: str, base: int = 50) -> None:
    """Write an entry that continues the account's chain as it should."""
    with transaction.atomic():
        standing = loading.lock_standings([account])[0][account]
        fell_away = kind == "suppressed"
        why = BY_STAFF if kind == "staff_award" else BY_RULE | (FELL_AWAY if fell_away else {})
        amount = 0 if fell_away else base
        key = f"forged:{kind}{standing.sequence}"
        draft = append(standing, kind=kind, amount=amount, base=base, occurred_at=1, idempotency_key=key, **why)  # type: ignore[arg-type]
        storing.write_entries([draft])


@pytest.mark.parametrize(
    ("role", "kind", "refused"),
    [(STAFF, "award", True), (STAFF, "suppressed", True), (STAFF, "staff_award", False), (APPLICATION, "award", False)],
)
def test_staff_pay_no_act_of_a_member_that_is_not_owed(db: None, role: str, kind: str, refused: bool) -> None:
    account = person()
    with acting(role):
        if refused:
            with pytest.raises(ProgrammingError, match=f"adds no entry of the kind {kind}"):
                _give(account, kind)
        else:
            _give(account, kind)


@pytest.mark.parametrize(("base", "refused"), [(50, False), (51, True)])
def test_what_a_limit_took_from_an_act_staff_may_pay_after_all(db: None, base: int, refused: bool) -> None:
    account = person()
    _give(account, "suppressed")
    with acting(STAFF):
        if refused:
            with pytest.raises(ProgrammingError, match="not owed"):
                _give(account, "award", base)
        else:
            _give(account, "award", base)


@pytest.mark.parametrize("role", [STAFF, DOOR])
def test_no_event_of_a_member_by_the_way_that_the_code_takes(db: None, role: str) -> None:
    account = person()
    refused = pytest.raises(ProgrammingError, match=r"adds no row with the type game\.daily_login")
    with acting(role), refused, transaction.atomic():
        publish(event("game.daily_login", account, local_date="2026-03-11"), occurred_at=NOON)
