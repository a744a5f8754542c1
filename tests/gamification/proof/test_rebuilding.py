"""rebuild_balances: accounts follow from their entries, and from nothing else."""

import json
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from apps.gamification.models import Account, Entry
from apps.gamification.verify import verify
from diana.audit.models import AuditRecord
from tests.gamification.proof.histories import history
from tests.servers import Servers


@pytest.fixture
def owner(committed_db: str, servers: Servers) -> psycopg.Connection:
    """The owner's connection to a ledger with a history; triggers of entries are off."""
    history(parts=1)
    with psycopg.connect(servers.url("diana_owner", committed_db), autocommit=True) as connection:
        connection.execute("ALTER TABLE gamification_entry DISABLE TRIGGER USER")
        yield connection


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rebuild_balances", *arguments, stdout=out)
    return out.getvalue()


def heads() -> list[tuple[object, ...]]:
    return list(Account.objects.order_by("pk").values_list("pk", "balance", "lifetime", "sequence", "hash"))


def test_it_has_nothing_to_do_where_everything_fits(owner: psycopg.Connection) -> None:
    before = heads()
    assert run("--reason", "a look") == "Nothing to do: every account says what its last entry says.\n"
    assert (heads(), AuditRecord.objects.filter(act="rebuild_balances").count()) == (before, 0)


def test_it_makes_heads_say_what_the_last_entries_say(owner: psycopg.Connection) -> None:
    before = heads()
    owner.execute("UPDATE gamification_account SET balance = balance + 7, sequence = 1, hash = sha256('x')")
    tampered = heads()
    somebody, balance = before[0][:2]
    dry = run("--dry-run")
    assert f"would change person {somebody}: balance {balance + 7} to {balance}, lifetime" in dry
    assert heads() == tampered
    assert len(json.loads(run("--reason", "restored", "--json"))["changes"]) == 3
    assert heads() == before
    assert verify().ok
    [record] = AuditRecord.objects.filter(act="rebuild_balances")
    assert (record.reason, record.after["accounts"]) == ("restored", 3)


def test_it_opens_the_account_of_entries_that_have_none(owner: psycopg.Connection) -> None:
    before = heads()
    owner.execute("DELETE FROM gamification_progress; ")
    owner.execute("DELETE FROM gamification_account")
    assert run("--reason", "restored").count("changed person") == 3
    assert heads() == before


def test_it_refuses_to_compute_from_broken_chains(owner: psycopg.Connection) -> None:
    owner.execute("UPDATE gamification_account SET balance = balance + 7")
    owner.execute("UPDATE gamification_entry SET amount = amount + 1 WHERE sequence = 2")
    before = heads()
    with pytest.raises(CommandError, match="verify_ledger"):
        run("--reason", "restored")
    assert (heads(), Entry.objects.filter(sequence=2).count()) == (before, 3)


def test_it_wants_a_reason(owner: psycopg.Connection) -> None:
    with pytest.raises(CommandError, match="--reason"):
        run()
