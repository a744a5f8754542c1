"""The ledger of the old version holds, for this version and for a stranger, under the checkpoints that it had."""

import json
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from apps.gamification.models import Checkpoint, Entry
from apps.gamification.proof import sealing
from apps.gamification.proof.verifying import verify_everything
from diana import clock
from diana.events.testing import drain
from tests.gamification.proof.test_tampering import verify_export
from tests.upgrade.old import EXPECTED, PEOPLE

CHECKPOINTS = EXPECTED["checkpoints"]


def checkpoints() -> dict[str, list[object]]:
    """Return what identifies each checkpoint, by its number."""
    rows = Checkpoint.objects.order_by("number")
    return {str(one.number): [one.last_id, one.key_id, bytes(one.hash).hex()] for one in rows}


def test_it_holds_and_names_the_old_checkpoints(committed_db: str) -> None:
    report = verify_everything()
    assert report.faults == []
    assert (report.accounts, report.checkpoints) == (len(PEOPLE), len(CHECKPOINTS))
    assert report.unsealed > 0
    assert checkpoints() == CHECKPOINTS


def test_a_stranger_finds_the_same(committed_db: str) -> None:
    assert "The ledger holds" in verified_outside()


def test_the_chain_of_checkpoints_goes_on(committed_db: str) -> None:
    drain("gamification.award_points")
    [new] = sealing.seal_all(now=clock.now())
    assert checkpoints().items() > CHECKPOINTS.items()
    assert new.number == len(CHECKPOINTS) + 1
    assert verify_everything().unsealed == 0
    assert f"{new.number} checkpoints over {Entry.objects.count()}, 0 not sealed" in verified_outside()


def test_the_command_says_that_it_holds(committed_db: str) -> None:
    out = StringIO()
    call_command("verify_ledger", "--json", stdout=out)
    assert json.loads(out.getvalue())["faults"] == []


def verified_outside() -> str:
    """Export the ledger and verify it with the verifier alone; return what that says."""
    file = Path(settings.LEDGER_CHECKPOINTS)
    export = file.with_name("export.jsonl")
    call_command("export_ledger", str(export), stdout=StringIO())
    status, output = verify_export(export, file)
    assert status == 0, output
    return output
