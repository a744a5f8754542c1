"""What the database refuses, tried in SQL as the application's role: the ledger's truths do not depend on Python."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.db import DatabaseError, connection, transaction

from apps.gamification.decide import chain
from apps.gamification.decide.entries import append
from apps.gamification.decide.facts import microseconds
from apps.gamification.loading import lock_standings
from apps.gamification.models import Account, BoardRow, Checkpoint, Entry
from apps.gamification.proof import rows as checkpoint_rows
from apps.gamification.proof import sealing
from apps.gamification.proof.checkpoints import Checkpoint as Checkpoint_
from apps.gamification.storing import write_entries
from diana.local.roles import APPLICATION
from tests.acting_roles import acting
from tests.gamification.acts import NOON, award, daily, person

pytestmark = pytest.mark.django_db

FORBIDDEN = [
    "UPDATE gamification_entry SET amount = 1000000",
    "DELETE FROM gamification_entry",
    "TRUNCATE gamification_entry",
    "UPDATE gamification_account SET balance = 1000000",
    "UPDATE gamification_account SET lifetime = 1000000, sequence = 0",
    "DELETE FROM gamification_account",
    "DELETE FROM gamification_progress",
    "INSERT INTO gamification_account (person_id, balance) VALUES (1, 1000000)",
    # scores are derived and may be put right; whose they are, of when, and how people look on them is not to be changed
    "UPDATE gamification_boardrow SET account_id = 1",
    "UPDATE gamification_boardrow SET board = 8",
    "UPDATE gamification_boardrow SET period = '2030-01-01'",
    "UPDATE gamification_boardrow SET shown = false",
    "UPDATE gamification_boardrow SET score = -1",
    "UPDATE gamification_ruleversion SET base = 1000000",
    "DELETE FROM gamification_ruleversion",
    "DELETE FROM gamification_rule",
    "UPDATE gamification_multiplierversion SET config = '{}'",
    "UPDATE gamification_rulebook SET revision = gen_random_uuid()",
    "UPDATE gamification_reason SET text = 'another'",
    "ALTER TABLE gamification_entry DISABLE TRIGGER ALL",
    "ALTER TABLE gamification_entry DISABLE TRIGGER gamification_entry_posts",
    "SET session_replication_role = replica",
    "DROP TRIGGER gamification_entry_append_only ON gamification_entry",
    "CREATE OR REPLACE FUNCTION gamification_gain(kind text, amount bigint, base bigint) RETURNS bigint"
    " LANGUAGE sql AS 'SELECT 0'",
    *[
        statement.format(table=f"gamification_{table}")
        for table in ("entry", "account", "checkpoint", "verification", "reason", "boardrow")
        for statement in (
            "TRUNCATE {table} CASCADE",
            "ALTER TABLE {table} DISABLE TRIGGER ALL",
            "ALTER TABLE {table} DISABLE TRIGGER USER",
            "ALTER TABLE {table} OWNER TO diana_app",
            "ALTER TABLE {table} RENAME TO another",
            "ALTER TABLE {table} DISABLE RULE ALL",
            "CREATE RULE nothing AS ON INSERT TO {table} DO INSTEAD NOTHING",
            "CREATE TRIGGER another BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "DROP TABLE {table} CASCADE",
            "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
        )
        if not (table in ("reason", "boardrow") and statement.startswith("LOCK"))
    ],
    "UPDATE gamification_checkpoint SET entries = entries",
    "DELETE FROM gamification_checkpoint",
    "UPDATE gamification_verification SET faults = 0",
    "DELETE FROM gamification_verification",
    "INSERT INTO gamification_verification (id, scope, accounts, entries, faults, seconds) OVERRIDING SYSTEM VALUE"
    " VALUES (1, 'everything', 0, 0, 0, 0)",
    "INSERT INTO gamification_verification (at, scope, accounts, entries, faults, seconds)"
    " VALUES (now(), 'everything', 0, 0, 0, 0)",
    "INSERT INTO gamification_entry (recorded_at) VALUES (now())",
    "UPDATE gamification_entry SET recorded_at = now()",
    "MERGE INTO gamification_entry e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "INSERT INTO gamification_entry (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET amount = 9",
    "SET LOCAL session_replication_role = replica",
    "SELECT set_config('session_replication_role', 'replica', true)",
    "ALTER ROLE CURRENT_USER SET session_replication_role = replica",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SET ROLE diana_owner",
    "DROP TRIGGER gamification_checkpoint_continues ON gamification_checkpoint",
    "DROP FUNCTION gamification_post_entries() CASCADE",
    "ALTER FUNCTION gamification_post_entries() OWNER TO diana_app",
    "ALTER TABLE gamification_entry DROP CONSTRAINT gamification_entry_kind",
    "ALTER SEQUENCE gamification_entry_id_seq RESTART",
    "SELECT setval('gamification_entry_id_seq', 1)",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "COPY gamification_entry FROM PROGRAM 'true'",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_may_not(statement: str) -> None:
    award(daily(person()))
    sealing.seal_all(now=NOON)
    before = rows()
    refused = pytest.raises(DatabaseError)
    with acting(APPLICATION), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert rows() == before


def rows() -> list[list[dict[str, Any]]]:
    """Return everything that is walled in."""
    return [list(model.objects.values()) for model in (Entry, Account, Checkpoint, BoardRow)]


@pytest.fixture(autouse=True)
def checkpoint_file(tmp_path: Path, settings: Any) -> None:
    """A checkpoint file of the test's own."""
    settings.LEDGER_CHECKPOINTS = str(tmp_path / "checkpoints.jsonl")


def test_the_application_owns_nothing_and_is_nobodys_member() -> None:
    with acting(APPLICATION), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = current_user"
            " AND m.roleid <> 'pg_read_all_stats'::regrole"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'A'"
            " AND tgrelid::regclass::text IN ('gamification_entry', 'gamification_checkpoint', 'gamification_verification')"
        )
        assert cursor.fetchall() == [], "each trigger fires always"


@pytest.mark.parametrize(
    "change",
    [
        {"number": 1},
        {"number": 3},
        {"previous": bytes(32)},
        {"after_id": 0},
        {"total": 7},
        {"entries": 0, "accounts": 0},
        {"resumes": 5},
        {"key_id": "a|b"},
        {"signature": bytes(63)},
        {"entries_root": bytes(31)},
        {"last_id": 0},
    ],
)
def test_a_checkpoint_out_of_turn_is_refused(change: dict[str, Any]) -> None:
    somebody = person()
    award(daily(somebody))
    [first] = sealing.seal_all(now=NOON)
    fields = msgspec.structs.asdict(first) | {
        "number": 2,
        "previous": first.hash,
        "after_id": first.last_id,
        "total": 2,
    }
    fields |= {"last_id": first.last_id + 1}
    with pytest.raises(DatabaseError), transaction.atomic():
        checkpoint_rows.add(Checkpoint_(**fields | change), bytes(20 * (fields | change)["entries"]))
    checkpoint_rows.add(Checkpoint_(**fields), bytes(20))


def test_a_checkpoint_with_a_hash_of_another_text_is_refused() -> None:
    award(daily(person()))
    [first] = sealing.seal_all(now=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gamification_checkpoint_hash(c) FROM gamification_checkpoint c")
        assert bytes(cursor.fetchone()[0]) == first.hash, "PostgreSQL computes the same"
        with pytest.raises(DatabaseError, match="out of turn"), transaction.atomic():
            cursor.execute(
                "INSERT INTO gamification_checkpoint (number, previous, after_id, last_id, entries, total, accounts,"
                " entries_root, heads_root, sealed_at, key_id, signature, hash, entry_index) SELECT 2, hash, last_id,"
                " last_id + 1, 0, total, 0, entries_root, heads_root, sealed_at, key_id, signature, hash, ''"
                " FROM gamification_checkpoint"
            )


@pytest.fixture
def draft() -> Iterator[dict[str, Any]]:
    """The next entry of an account with one entry, as columns, not yet written."""
    somebody = person()
    award(daily(somebody))
    standing = lock_standings([somebody])[0][somebody]
    made = append(
        standing,
        kind="staff_award",
        amount=10,
        base=10,
        idempotency_key="k",
        occurred_at=microseconds(NOON),
        actor="admin:vera",
        reason_hash=bytes(32),
    )
    return made._asdict()


def write(columns: dict[str, Any], *, sealed: bool = True) -> None:
    """Insert the entry, with the hash that its columns have if it is to be sealed."""
    columns = dict(columns)
    if sealed:
        given = [v for k, v in columns.items() if k != "hash"]
        columns["hash"] = chain.entry_hash(*given)
    from apps.gamification.decide.entries import Draft

    with transaction.atomic():
        write_entries([Draft(**columns)])


def test_an_entry_in_turn_moves_the_account(draft: dict[str, Any]) -> None:
    write(draft)
    account = Account.objects.get()
    assert (account.balance, account.lifetime, account.sequence) == (60, 60, 2)
    assert bytes(account.hash) == bytes(Entry.objects.get(sequence=2).hash)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sequence": 3}, "out of turn"),
        ({"sequence": 1}, "gamification_entry_sequence_once"),
        ({"previous_hash": bytes(32)}, "out of turn"),
        ({"balance_after": 61}, "out of turn"),
        ({"lifetime_after": 61}, "out of turn"),
        ({"amount": 11}, "gamification_entry_kind"),
        ({"balance_after": -1}, "gamification_entry_not_negative"),
        ({"account": 987_654_321}, "out of turn"),
        ({"kind": "gift"}, "gamification_entry_kind"),
        ({"actor": None}, "gamification_entry_kind"),
        ({"actor": "a|b"}, "gamification_entry_texts"),
        ({"note": "a|b"}, "gamification_entry_texts"),
        ({"idempotency_key": "a|b"}, "gamification_entry_texts"),
        ({"reason_hash": b"short"}, "gamification_entry_hash_lengths"),
        ({"kind": "reversal", "base": -10, "reverses": 1 << 60}, "out of turn|reversal names no entry"),
    ],
)
def test_an_entry_out_of_turn_is_refused(draft: dict[str, Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(DatabaseError, match=message):
        write(draft | change)
    assert Account.objects.get().balance == 50


def test_an_entry_with_a_wrong_hash_is_refused(draft: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="wrong hash"):
        write(draft | {"occurred_at": draft["occurred_at"] + 1}, sealed=False)


def test_two_entries_of_which_the_second_is_out_of_turn_are_refused_together(draft: dict[str, Any]) -> None:
    from apps.gamification.decide.entries import Draft

    first = Draft(**draft)
    second = first._replace(sequence=4, idempotency_key="k2")
    with pytest.raises(DatabaseError, match="out of turn"), transaction.atomic():
        write_entries([first, second])
    assert Account.objects.get().sequence == 1


def test_postgresql_computes_the_same_hash(draft: dict[str, Any]) -> None:
    write(draft)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE hash = gamification_entry_hash(account_id, sequence, amount,"
            " balance_after, lifetime_after, kind, rule, rule_version, base, multipliers, note, event_id,"
            " idempotency_key, reverses, actor, reason_hash, occurred_at, previous_hash)) FROM gamification_entry"
        )
        assert cursor.fetchone() == (2, 2)
    entry = Entry.objects.get(sequence=1)
    assert bytes(entry.previous_hash) == chain.genesis(entry.account_id)


def test_the_same_key_is_written_once(draft: dict[str, Any]) -> None:
    write(draft)
    again = draft | {"sequence": 3, "balance_after": 70, "lifetime_after": 70}
    with pytest.raises(DatabaseError, match="idempotency_key"):
        write(again | {"previous_hash": bytes(Account.objects.get().hash)})


def test_a_new_account_is_empty_whoever_opens_it() -> None:
    somebody = person()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO gamification_account (person_id) VALUES (%s)", [somebody])
    account = Account.objects.get(pk=somebody)
    assert (account.balance, account.lifetime, account.sequence) == (0, 0, 0)
    assert bytes(account.hash) == chain.genesis(somebody)
