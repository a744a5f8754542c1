"""The proof finds what walls cannot stop: an owner who switches the triggers off."""

from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from apps.gamification import services
from apps.gamification.models import Entry
from apps.gamification.verify import EVERYONE, ROWS, verify
from tests.gamification.acts import NOON, STAFF, award, daily, event, message, people
from tests.servers import Servers

# What an owner might do, and which check must find it.
TAMPERINGS = {
    "a larger amount": ("UPDATE gamification_entry SET amount = amount + 1 WHERE sequence = 1", "balance"),
    "a larger balance": (
        "UPDATE gamification_entry SET balance_after = balance_after + 1 WHERE sequence = 2",
        "balance",
    ),
    "more lifetime": (
        "UPDATE gamification_entry SET lifetime_after = lifetime_after + 1 WHERE sequence = 2",
        "lifetime",
    ),
    "an entry removed": ("DELETE FROM gamification_entry WHERE sequence = 2", "sequence"),
    "the last entries removed": ("DELETE FROM gamification_entry WHERE sequence >= 2", "account"),
    "all entries removed": ("DELETE FROM gamification_entry", "account"),
    "two entries swapped": (
        "UPDATE gamification_entry SET sequence = 99 WHERE sequence = 2;"
        "UPDATE gamification_entry SET sequence = 2 WHERE sequence = 3;"
        "UPDATE gamification_entry SET sequence = 3 WHERE sequence = 99",
        "chain",
    ),
    "another rule": ("UPDATE gamification_entry SET rule = 'login' WHERE sequence = 1", "hash"),
    "another time": (
        "UPDATE gamification_entry SET occurred_at = occurred_at + interval '1 s' WHERE sequence = 1",
        "hash",
    ),
    "another person's entry": ("UPDATE gamification_entry SET event_id = gen_random_uuid() WHERE sequence = 1", "hash"),
    "another actor": ("UPDATE gamification_entry SET actor = 'admin:mallory' WHERE kind = 'staff_award'", "hash"),
    "another reason": ("UPDATE gamification_reason SET text = 'A gift'", "reason"),
    "a balance without entries": ("UPDATE gamification_account SET balance = balance + 1000", "account"),
    "an account removed": ("DELETE FROM gamification_progress; DELETE FROM gamification_account", "account"),
    "a reversal of more": ("UPDATE gamification_entry SET base = base + 1 WHERE kind = 'reversal'", "reversal"),
}


@pytest.fixture
def ledger(committed_db: str) -> str:
    """A committed ledger of two persons with entries of every kind; the database's name."""
    for somebody in people(2):
        award(daily(somebody), message(somebody), daily(somebody), event("game.login", somebody))
        given = services.award(
            person_id=somebody, amount=100, reason="Well done", actor=STAFF, key=f"a{somebody}", now=NOON
        )
        services.award(person_id=somebody, amount=-30, reason="Spam", actor=STAFF, key=f"p{somebody}", now=NOON)
        services.reverse_entry(entry_id=given.pk, reason="Oh", actor=STAFF, key=f"r{somebody}", now=NOON)
    return committed_db


def test_it_holds(ledger: str) -> None:
    report = verify()
    assert report.ok, report.faults
    assert (report.accounts, report.entries) == (2, Entry.objects.count()) == (2, 14)
    assert verify(person_ids=[Entry.objects.first().account_id]).accounts == 1


def test_it_finds_every_way_of_tampering(ledger: str, servers: Servers) -> None:
    missed = {name: check for name, (sql, check) in TAMPERINGS.items() if check not in tampered(ledger, servers, sql)}
    assert not missed
    assert verify().ok, "what the owner did was undone"


def tampered(ledger: str, servers: Servers, statement: str) -> set[str]:
    """Let the owner run the statement with all triggers off, verify as the owner sees it, and undo it."""
    with psycopg.connect(servers.url("diana_owner", ledger)) as owner:
        for table in ("entry", "account", "reason"):
            owner.execute(f"ALTER TABLE gamification_{table} DISABLE TRIGGER USER")
        for part in statement.split(";"):
            owner.execute(part)
        found = {fault.check for fault in verify(rows=owner.execute(ROWS, EVERYONE)).faults}
        owner.rollback()
    return found


def test_verify_ledger_ends_with_status_1_and_the_faults(ledger: str, servers: Servers) -> None:
    with psycopg.connect(servers.url("diana_owner", ledger)) as owner:
        owner.execute("UPDATE gamification_account SET balance = balance + 1")
    for arguments, expected in ((), "the account: account"), (("--json",), '"ok":false'):
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("verify_ledger", *arguments, stdout=out)
        assert ended.value.code == 1
        assert expected in out.getvalue()
