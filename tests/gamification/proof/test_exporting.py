"""The export and its verifier, which knows nothing of the project."""

import ast
import json
import re
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.gamification.models import Account
from diana.events import adoption
from tests.gamification.proof.histories import grant, seal
from tests.gamification.proof.tampering import Place
from tests.gamification.proof.test_tampering import verify_export
from tests.processes import ROOT

VERIFIER = ROOT / "verifier" / "verify_export.py"


@pytest.fixture
def export(place: Place, tmp_path: Path) -> Path:
    """An export of the ledger."""
    return exported(tmp_path / "export.jsonl")


def exported(path: Path) -> Path:
    call_command("export_ledger", str(path), stdout=StringIO())
    return path


def test_the_verifier_imports_nothing_of_the_project() -> None:
    found = set()
    for node in ast.walk(ast.parse(VERIFIER.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(node.module)
    roots = {name.partition(".")[0] for name in found if name}
    assert roots - {"cryptography"} <= sys.stdlib_module_names
    assert "cryptography" in roots


def test_an_export_holds_no_reasons_and_no_names(export: Path) -> None:
    text = export.read_text()
    fields = {name for line in text.splitlines() for value in json.loads(line).values() for name in value}
    assert fields == {
        "format", "version", "exported_at", "entries", "accounts", "id", "account", "sequence", "amount",
        "balance_after", "lifetime_after", "kind", "rule", "rule_version", "base", "multipliers", "note", "event_id",
        "idempotency_key", "reverses", "actor", "reason_hash", "occurred_at", "previous_hash", "hash", "balance",
        "lifetime", "number", "previous", "after_id", "last_id", "total", "entries_root", "heads_root", "sealed_at",
        "resumes", "key_id", "signature", "index", "records",
    }  # fmt: skip
    assert "telegram" not in text


def edited(export: Path, kind: str, place: int, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the value of the line of that kind and number in place; what the change returns takes the line's place."""
    lines = [json.loads(line) for line in export.read_text().splitlines()]
    at = [n for n, line in enumerate(lines) if kind in line][place]
    if change(lines[at][kind]) == "drop":
        del lines[at]
    export.write_text("".join(json.dumps(line) + "\n" for line in lines))


EDITS = {
    "an amount": ("entry", 5, lambda e: e.update(amount=e["amount"] + 1), 1, r"entry \d+: hash is"),
    "an entry gone": ("entry", 5, lambda e: "drop", 1, "missing since it was sealed"),
    "an account gone": ("account", 0, lambda e: "drop", 1, "has entries and no account"),
    "another balance": ("account", 0, lambda e: e.update(balance=e["balance"] + 1), 1, r"the account: \("),
    "another index": ("checkpoint", 0, lambda e: e.update(index=""), 0, "The ledger holds"),
    "a checkpoint gone": ("checkpoint", 1, lambda e: "drop", 1, "checkpoint 2: is not in the database"),
    "another checkpoint": (
        "checkpoint",
        1,
        lambda e: e.update(entries=1),
        1,
        "checkpoint 2: is another in the database",
    ),
    "the end gone": ("end", 0, lambda e: "drop", 1, "export: is cut off"),
    "a text for a number": ("entry", 5, lambda e: e.update(amount=str(e["amount"])), 2, "does not have its form"),
    "a field gone": ("entry", 5, lambda e: e.pop("rule") and None, 2, "does not have its form"),
    "another version": ("export", 0, lambda e: e.update(version=2), 2, "no export that this verifier knows"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_export_that_was_edited_is_found(name: str, export: Path, checkpoint_file: Path) -> None:
    kind, place, change, status, said = EDITS[name]
    edited(export, kind, place, change)
    found, output = verify_export(export, checkpoint_file)
    assert re.search(said, output), output
    assert found == status


def test_a_reversal_must_be_of_an_entry_that_is_there(export: Path, checkpoint_file: Path) -> None:
    lines = [json.loads(line) for line in export.read_text().splitlines()]
    place = next(n for n, line in enumerate(x for x in lines if "entry" in x) if line["entry"]["reverses"])
    edited(export, "entry", place, lambda e: e.update(reverses=1))
    status, output = verify_export(export, checkpoint_file)
    assert (status, "reverses entry 1, which is none of this account" in output) == (1, True)


def test_an_export_older_than_the_file_is_verified_up_to_where_it_goes(export: Path, checkpoint_file: Path) -> None:
    adoption.adopt()
    grant(Account.objects.first().pk, 1, "k")
    seal()
    status, output = verify_export(export, checkpoint_file)
    assert (status, "checkpoint 4: is not in the database" in output) == (1, True)
    status, output = verify_export(export, checkpoint_file, "--up-to", "3", "--audit-up-to", "3")
    assert status == 0, output


def test_without_the_right_key_nothing_is_believed(export: Path, checkpoint_file: Path, settings: Any) -> None:
    settings.LEDGER_SIGNING_KEY = {"development": bytes(32)}
    status, output = verify_export(export, checkpoint_file)
    assert (status, "line 1: is forged: the key 'development' has not signed it" in output) == (1, True)
    settings.LEDGER_SIGNING_KEY = {"another": bytes(32)}
    status, output = verify_export(export, checkpoint_file)
    assert (status, "line 1: is signed with the key 'development': give it with --key" in output) == (1, True)


def test_what_cannot_be_read_is_said_so(export: Path, checkpoint_file: Path) -> None:
    assert verify_export(export.with_name("none"), checkpoint_file)[0] == 2
    export.write_bytes(export.read_bytes()[:-30])
    status, output = verify_export(export, checkpoint_file)
    assert (status, "was it cut off?" in output) == (2, True)


def test_entries_above_the_last_seal_are_counted(place: Place, tmp_path: Path, checkpoint_file: Path) -> None:
    adoption.adopt()
    grant(Account.objects.first().pk, 1, "k")
    status, output = verify_export(exported(tmp_path / "e.jsonl"), checkpoint_file)
    assert output.splitlines() == [
        "The ledger holds: 3 accounts, 64 entries; 3 checkpoints over 63, 1 not sealed.",
        "27 audit records under 3 checkpoints, 1 not sealed.",
    ]
    assert status == 0
