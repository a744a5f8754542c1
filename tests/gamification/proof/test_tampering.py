"""A superuser with all triggers off is found, by verify_ledger and by whoever has an export and the public key."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from apps.gamification.models import Account
from apps.gamification.proof import keys
from apps.gamification.proof.verifying import verify_everything
from tests.conftest import close_connections, database_named
from tests.gamification.proof import tampering
from tests.gamification.proof.histories import history
from tests.gamification.proof.tampering import Act, Place
from tests.processes import ROOT
from tests.servers import Servers

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


class Original(NamedTuple):
    """A database with a history of three seals, one of it after two seals, and the checkpoint file."""

    database: str
    backup: str
    file: Path


@pytest.fixture(scope="module")
def original(
    servers: Servers,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Original]:
    """The history, made once; tests work on copies."""
    file = tmp_path_factory.mktemp("original") / "checkpoints.jsonl"
    kept, django_settings.LEDGER_CHECKPOINTS = django_settings.LEDGER_CHECKPOINTS, str(file)
    name = servers.clone()
    backup = f"{name}_old"
    with django_db_blocker.unblock():
        with database_named(name):
            history(parts=2)
        servers.admin("CREATE DATABASE {} TEMPLATE {}", backup, name)
        with database_named(name):
            history(parts=1, start=2)
    django_settings.LEDGER_CHECKPOINTS = kept
    yield Original(name, backup, file)
    for database in (name, backup):
        servers.drop(database)


@pytest.fixture
def place(
    original: Original, servers: Servers, checkpoint_file: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Place]:
    """A copy of the history to tamper with."""
    yield from copied(original, original.database, servers, checkpoint_file, django_db_blocker)


@pytest.fixture
def rolled_back(
    original: Original, servers: Servers, checkpoint_file: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Place]:
    """The history's backup from before the third seal, beside the file with all three."""
    yield from copied(original, original.backup, servers, checkpoint_file, django_db_blocker)


def copied(
    original: Original, database: str, servers: Servers, file: Path, blocker: DjangoDbBlocker
) -> Iterator[Place]:
    name = f"{database}_copy"
    servers.admin("CREATE DATABASE {} TEMPLATE {}", name, database)
    file.parent.mkdir()
    shutil.copy(original.file, file)
    with (
        blocker.unblock(),
        database_named(name),
        psycopg.connect(servers.postgres.admin_url(name), autocommit=True) as superuser,
    ):
        # triggers that fire always have to be switched off one table at a time
        for table in ("entry", "account", "reason", "checkpoint"):
            superuser.execute(f"ALTER TABLE gamification_{table} DISABLE TRIGGER ALL")
        one, other, _ = Account.objects.order_by("pk").values_list("pk", flat=True)
        yield Place(superuser, file, one, other)
        close_connections()
    servers.drop(name)


def verified_outside(place: Place) -> tuple[int, str]:
    """Export, and verify with the export, the file and the public key alone; return status and output."""
    export = place.file.with_name("export.jsonl")
    call_command("export_ledger", str(export), stdout=StringIO())
    return verify_export(export, place.file)


def verify_export(export: Path, file: Path, *more: str) -> tuple[int, str]:
    """Run the verifier as a stranger would: isolated, from an empty folder, with nothing of the project in its way."""
    script = shutil.copy(ROOT / "verifier" / "verify_export.py", file.parent)
    public = [f"--key={text}" for text in keys.as_text(keys.public_keys())]
    command = [sys.executable, "-I", script, str(export), str(file), *public, *more]
    ran = subprocess.run(command, cwd=file.parent, env={}, capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


def test_an_untouched_ledger_holds_for_both(place: Place) -> None:
    report = verify_everything()
    assert report.ok, report.faults
    assert (report.accounts, report.entries, report.checkpoints) == (3, 63, 3)
    status, output = verified_outside(place)
    assert output == "The ledger holds: 3 accounts, 63 entries; 3 checkpoints over 63, 0 not sealed.\n"
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
