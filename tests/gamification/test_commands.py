"""The commands: what they print for people and machines, and how they end when something is wrong."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.gamification import selectors
from apps.gamification.models import Entry
from diana.audit.models import AuditRecord
from tests.gamification.acts import award, daily, person

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: object) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


def test_award_points_awards_once_for_a_key() -> None:
    somebody = person()
    for _ in range(2):
        printed = run("award_points", "--person", somebody, "--amount", 30, "--reason", "r", "--key", "k", "--json")
        assert json.loads(printed) == {
            "entry": Entry.objects.get().pk,
            "person": somebody,
            "kind": "staff_award",
            "amount": 30,
            "note": "",
            "balance": 30,
            "lifetime": 30,
            "dry_run": False,
        }
    assert (Entry.objects.count(), AuditRecord.objects.get().origin) == (1, "command")


def test_a_dry_run_tells_and_changes_nothing() -> None:
    somebody = person()
    printed = run("award_points", "--person", somebody, "--amount", 30, "--reason", "r", "--key", "k", "--dry-run")
    assert "balance: 30" in printed
    assert (Entry.objects.count(), AuditRecord.objects.count()) == (0, 0)


def test_a_refused_award_ends_with_the_reason() -> None:
    with pytest.raises(CommandError, match="no person"):
        run("award_points", "--person", 999_999_999, "--amount", 30, "--reason", "r", "--key", "k")
    with pytest.raises(CommandError, match="amount"):
        run("award_points", "--person", person(), "--amount", 0, "--reason", "r", "--key", "k")


def test_reverse_entry_reverses() -> None:
    somebody = person()
    award(daily(somebody))
    entry = Entry.objects.get()
    assert "amount: -50" in run("reverse_entry", entry.pk, "--reason", "r", "--key", "k")
    assert selectors.balance(somebody) == 0
    with pytest.raises(CommandError, match="reversed before"):
        run("reverse_entry", entry.pk, "--reason", "r", "--key", "another")


def test_explain_entry_explains() -> None:
    award(daily(person()))
    entry = Entry.objects.get()
    assert "pays a base of 50" in run("explain_entry", entry.pk)
    explained = json.loads(run("explain_entry", entry.pk, "--json"))
    assert (explained["event_type"], explained["line"]["amount"]) == ("game.daily_login", 50)
    with pytest.raises(CommandError, match="no entry"):
        run("explain_entry", 0)


def test_verify_ledger_says_that_it_holds() -> None:
    somebody = person()
    award(daily(somebody))
    assert "The ledger holds: 1 accounts, 1 entries." in run("verify_ledger")
    assert json.loads(run("verify_ledger", "--person", somebody, "--json"))["ok"] is True
