"""A superuser with all triggers off is found, by verify_ledger and by whoever has an export and the public key."""

import re
import shutil
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from apps.gamification.proof import keys
from apps.gamification.proof.verifying import verify_everything
from tests.gamification.proof import tampering
from tests.gamification.proof.tampering import Act, Place
from tests.processes import ROOT

SECONDS = 60

# What is done, what verify_ledger's faults must be among others, and what the export's verifier must say among others.
TAMPERINGS: dict[str, tuple[Act, str, str]] = {
    "edit an amount": (tampering.edit_an_amount, "hash", r"entry \d+: hash is"),
    "edit and recompute a hash": (tampering.edit_and_recompute_the_hash, "altered", r"entry \d+: altered since"),
    "recompute a whole account": (tampering.recompute_a_whole_account, "altered", r"entry \d+: altered since"),
    "delete in the middle": (tampering.delete_in_the_middle, "missing", r"entry \d+: missing since"),
    "delete in the middle, recompute": (tampering.delete_in_the_middle_and_recompute, "missing", r": missing since"),
    "delete the tail": (tampering.delete_the_tail_and_fix_the_head, "missing", r"entry \d+: missing since"),
    "insert": (tampering.insert, "altered", r"entry \d+: altered since"),
    "insert below the seals": (tampering.insert_at_the_end_under_an_id_below_the_seals, "added", r"entry -7: is below"),
    "insert under an unused id": (
        tampering.insert_at_the_end_under_an_id_that_was_rolled_back,
        "added",
        r"entry \d+: added since it was sealed",
    ),
    "swap two": (tampering.swap_two_entries, "altered", r"entry \d+: altered since"),
    "swap two ids": (tampering.swap_the_ids_of_two_entries, "altered", r"entry \d+: altered since"),
    "move between accounts": (tampering.move_between_accounts, "altered", r"entry \d+: altered since"),
    "edit a balance only": (tampering.edit_a_balance_only, "account", r"the account: \(\d+, "),
    "forge a checkpoint": (tampering.forge_a_checkpoint, "table", r"checkpoint 1: is another in the database"),
    "drop the newest checkpoint": (
        tampering.drop_the_newest_checkpoint,
        "table",
        "checkpoint 3: is not in the database",
    ),
    "drop the newest seal with its entries": (
        tampering.drop_the_newest_checkpoint_and_what_it_sealed,
        "sealed",
        "checkpoint 3: entries .*: 0 are there, 21 were sealed",
    ),
    "rewrite table and file": (tampering.forge_the_table_and_rewrite_the_file, "file", "line 1: is forged"),
    "alter a line of the file": (tampering.alter_a_line_of_the_file, "file", "line 2: is not what was written"),
    "cut the file": (tampering.cut_the_file, "file", "checkpoint 3: is in the database, but no genuine one"),
}


def verified_outside(place: Place) -> tuple[int, str]:
    """Export, and verify with the export, the file and the public key alone; return status and output."""
    export = place.file.with_name("export.jsonl")
    call_command("export_ledger", str(export), stdout=StringIO())
    return verify_export(export, place.file)


def verify_export(export: Path, file: Path, *more: str) -> tuple[int, str]:
    """Run the verifier as a stranger would: isolated, from an empty folder, with nothing of the project in its way."""
    script = shutil.copy(ROOT / "verifier" / "verify_export.py", file.parent)
    public = [f"--key={text}" for text in keys.as_text(keys.public_keys())]
    audit = file.with_stem(f"{file.stem}-audit")
    command = [sys.executable, "-I", script, str(export), str(file), *public, *more]
    command += [f"--audit={audit}"] if audit.exists() else []
    ran = subprocess.run(command, cwd=file.parent, env={}, capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


def test_an_untouched_ledger_holds_for_both(place: Place) -> None:
    report = verify_everything()
    assert report.ok, report.faults
    assert (report.accounts, report.entries, report.checkpoints) == (3, 63, 3)
    status, output = verified_outside(place)
    assert output.startswith("The ledger holds: 3 accounts, 63 entries; 3 checkpoints over 63, 0 not sealed.\n")
    assert status == 0


@pytest.mark.parametrize("name", TAMPERINGS)
def test_f74_both_find(name: str, place: Place) -> None:
    act, check, said = TAMPERINGS[name]
    act(place)
    found_by_both(place, check, said)


def test_f74_both_find_a_rollback_to_an_old_backup(rolled_back: Place) -> None:
    said = r"checkpoint 3: entries .*: 0 are there, 21 were sealed"
    report, output = found_by_both(rolled_back, "table", said)
    assert "older than the file" in "".join(f.found for f in report.faults)
    assert "the database is older than the checkpoint file" in output


def found_by_both(place: Place, check: str, said: str) -> tuple[Any, str]:
    """Verify twice; both must find it, in time."""
    started = time.monotonic()
    report = verify_everything()
    status, output = verified_outside(place)
    assert time.monotonic() - started < SECONDS
    assert check in {fault.check for fault in report.faults}, report.faults
    assert status == 1
    assert re.search(said, output), output
    return report, output
