"""Verifications: what is new, everything; what is remembered, told, shown, and when it alarms."""

import json
import logging
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from apps.gamification.models import Account, Checkpoint, Verification
from apps.gamification.proof import standing, tasks, verifying
from apps.gamification.verify import verify
from diana.events import adoption, overview
from diana.events.models import StoredEvent
from diana.health import readiness
from diana.periodic.models import Slot
from tests.gamification.acts import person
from tests.gamification.proof.histories import grant, history, seal
from tests.servers import Servers

Owner = Callable[..., None]


@pytest.fixture
def owner(ledger: str, servers: Servers) -> Callable[..., None]:
    """A function that runs statements as the owner of the ledger, with the triggers off meanwhile."""

    def run_all(*statements: str) -> None:
        with psycopg.connect(servers.url("diana_owner", ledger)) as connection:
            for table in ("entry", "checkpoint"):
                connection.execute(f"ALTER TABLE gamification_{table} DISABLE TRIGGER USER")
            for statement in statements:
                connection.execute(statement)
        adoption.adopt()

    return run_all


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("verify_ledger", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_checked(ledger: str) -> None:
    assert run().splitlines() == [
        "The ledger holds: 3 accounts, 63 entries.",
        "3 checkpoints, 63 entries sealed, 0 not yet.",
        "3 checkpoints, 27 audit records sealed, 0 not yet.",
    ]
    found = json.loads(run("--json"))
    assert found["checkpoints"] == 3
    assert found["audit"] == {"checkpoints": 3, "sealed": 27, "unsealed": 0, "lost": 0}


def test_what_is_new_is_the_accounts_touched_since(ledger: str) -> None:
    one, other, _ = Account.objects.order_by("pk").values_list("pk", flat=True)
    assert json.loads(run("--incremental", "--json"))["accounts"] == 3, "everything at first"
    assert json.loads(run("--incremental", "--json"))["accounts"] == 0
    grant(one, 1, "k")
    seal()
    grant(other, 1, "l")
    found = json.loads(run("--since-checkpoint", "--json"))
    assert (found["accounts"], found["entries"]) == (2, 22 + 22)
    assert (found["checkpoints"], found["sealed"], found["unsealed"]) == (1, 1, 1)
    assert found["audit"] == {"checkpoints": 1, "sealed": 1, "unsealed": 1, "lost": 0}
    assert list(Verification.objects.order_by("id").values_list("scope", "checkpoint")) == [
        ("everything", 3),
        ("incremental", 3),
        ("incremental", 4),
    ]


def test_what_is_new_is_checked_against_the_seals(owner: Owner) -> None:
    run()
    somebody = person()
    for number in range(3):
        grant(somebody, 1, f"k{number}")
    seal()
    owner(
        "DELETE FROM gamification_reason WHERE entry_id = (SELECT max(id) FROM gamification_entry)",
        "DELETE FROM gamification_entry WHERE id = (SELECT max(id) FROM gamification_entry)",
    )
    report = verifying.verify_new()
    assert {"missing", "sealed"} <= {fault.check for fault in report.faults}


def test_what_was_verified_must_still_be_there(owner: Owner, checkpoint_file: Path) -> None:
    run()
    owner("DELETE FROM gamification_checkpoint WHERE number = 3")
    faults = {(f.check, f.checkpoint, f.found) for f in verifying.verify_new().faults}
    assert ("table", 3, "verified before, and not in the table any more") in faults


def test_a_person_alone_is_checked_and_nothing_remembered(ledger: str) -> None:
    somebody = Account.objects.first().pk
    assert json.loads(run("--person", somebody, "--json"))["accounts"] == 1
    assert not Verification.objects.exists()
    with pytest.raises(CommandError, match="from 1 to"):
        run("--person", 1 << 63)


def test_an_export_can_be_had_with_it(ledger: str, tmp_path: Path) -> None:
    run("--export", tmp_path / "e.jsonl")
    assert len((tmp_path / "e.jsonl").read_bytes().splitlines()) == 1 + 3 + 63 + 3 + 1 + (3 + 27 + 1)
    with pytest.raises(CommandError, match="cannot be written"):
        run("--export", tmp_path / "nowhere" / "e.jsonl")


def test_entries_written_meanwhile_do_not_disturb_it(ledger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = Account.objects.first().pk

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        monkeypatch.undo()
        in_another_thread(lambda: (grant(somebody, 1, "meanwhile"), seal()))
        return verify(*arguments, **named)

    monkeypatch.setattr(verifying, "verify", meanwhile)
    report = verifying.verify_everything()
    assert report.ok, report.faults
    assert (report.entries, report.sealed, report.checkpoints) == (63, 63, 3)
    assert Checkpoint.objects.count() == 4


def in_another_thread(act: Any) -> None:
    from tests.gamification.test_concurrency import at_once

    at_once(act)


def test_each_minute_seals_once(ledger: str) -> None:
    grant(Account.objects.first().pk, 1, "k")
    assert tasks.seal_ledger() == 4
    grant(Account.objects.first().pk, 1, "l")
    assert tasks.seal_ledger() is None
    Slot.objects.filter(job="gamification.seal_ledger").delete()
    assert tasks.seal_ledger() == 5
    assert verifying.verify_everything().ok


def test_a_file_that_is_gone_is_an_error_and_no_crash(
    ledger: str, checkpoint_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint_file.unlink()
    grant(Account.objects.first().pk, 1, "k")
    assert tasks.seal_ledger() is None
    assert [r.levelno for r in caplog.records if "not sealed" in r.getMessage()] == [logging.ERROR]
    assert not Slot.objects.filter(job="gamification.seal_ledger").exists(), "the next one tries again"


def test_each_night_everything_is_verified_and_told(ledger: str) -> None:
    assert tasks.verify_ledger() is True
    assert tasks.verify_ledger() is None, "once a day"
    told = StoredEvent.objects.get(type="admin.ledger_verified")
    assert json.loads(told.payload) == {"ok": True, "entries": 63}
    assert tasks.verify_new_entries() is True
    assert StoredEvent.objects.filter(type="admin.ledger_verified").count() == 1


def test_what_is_wrong_is_an_error_a_number_and_a_degraded_deployment(
    owner: Owner, caplog: pytest.LogCaptureFixture, client: Client
) -> None:
    overview.forget()
    somebody = Account.objects.first().pk
    assert verifying.verify_everything().ok
    assert standing.concerns() == []
    owner(f"UPDATE gamification_account SET balance = balance + 1 WHERE person_id = {somebody}")
    assert tasks.verify_ledger() is False
    assert json.loads(StoredEvent.objects.get(type="admin.ledger_verified").payload)["ok"] is False
    [line] = [r for r in caplog.records if r.name == "apps.gamification.proof.verifying"]
    assert line.levelno == logging.ERROR
    assert "the ledger does not hold: 1 faults" in line.getMessage()
    assert shown(client)["diana_ledger_mismatches"] == 1
    assert "the ledger does not hold (ledger_mismatches)" in readiness.Examiner().readiness().reasons
    assert client.get("/health/ready").json() == {"status": "degraded"}
    assert verifying.verify_new().ok
    assert standing.read().mismatches == 1, "what is new holds; the old fault stands"
    owner(f"UPDATE gamification_account SET balance = balance - 1 WHERE person_id = {somebody}")
    verifying.verify_everything()
    assert shown(client)["diana_ledger_mismatches"] == 0


def shown(client: Client) -> dict[str, float]:
    overview.forget()
    text = client.get("/metrics").content.decode()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("diana_ledger")
    }


def test_the_numbers_say_what_waits_for_a_seal_and_for_a_verification(committed_db: str, client: Client) -> None:
    assert shown(client) == {
        "diana_ledger_mismatches": 0,
        "diana_ledger_unsealed_entries": 0,
        "diana_ledger_unverified_entries": 0,
    }
    history(parts=1)
    somebody = Account.objects.first().pk
    grant(somebody, 1, "k")
    assert standing.read()[:3] == (0, 1, 22)
    verifying.verify_everything()
    assert standing.read()[:3] == (0, 1, 1)
    seal()
    assert standing.read()[:3] == (0, 0, 1)
    verifying.verify_new()
    assert standing.read()[:3] == (0, 0, 0)
    assert 0 <= shown(client)["diana_ledger_last_verified_seconds"] < 60


def test_after_a_restore_it_goes_on_and_keeps_saying_so(owner: Owner, checkpoint_file: Path) -> None:
    after = Checkpoint.objects.get(number=3).after_id
    owner(
        "DELETE FROM gamification_checkpoint WHERE number = 3",
        f"DELETE FROM gamification_reason WHERE entry_id > {after}",
        f"DELETE FROM gamification_entry WHERE id > {after}",
        f"SELECT setval('gamification_entry_id_seq', {after})",
    )
    call_command("rebuild_balances", "--reason", "restored", stdout=StringIO())
    with pytest.raises(CommandError, match="--after-restore"):
        call_command("seal_ledger", stdout=StringIO())
    assert not verifying.verify_everything().ok
    grant(Account.objects.first().pk, 1, "new")
    out = StringIO()
    call_command("seal_ledger", "--after-restore", stdout=out)
    assert out.getvalue().startswith("checkpoint 4: 1 entries of 1 accounts")
    assert verifying.verify_everything().ok
    [resumed] = Checkpoint.objects.filter(resumes__isnull=False)
    assert (resumed.number, resumed.resumes, resumed.total) == (4, 2, 43)
    assert "21 sealed entries were lost with a restore" in run()
    assert len(checkpoint_file.read_bytes().splitlines()) == 4
    grant(Account.objects.first().pk, 1, "newer")
    assert [c.number for c in seal()] == [5]
    assert verifying.verify_everything().ok
    with pytest.raises(CommandError, match="no restore"):
        call_command("seal_ledger", "--after-restore", stdout=StringIO())


def test_seal_ledger_prints_keys_and_what_it_would_do(ledger: str) -> None:
    def said(*arguments: str) -> str:
        out = StringIO()
        call_command("seal_ledger", *arguments, stdout=out)
        return out.getvalue().strip()

    assert said("--public-key").startswith("development:")
    assert said() == "Nothing to seal: no entry and no audit record is new."
    grant(Account.objects.first().pk, 1, "k")
    assert said("--dry-run").startswith("would seal 1 entries up to entry ")
    would = json.loads(said("--dry-run", "--json"))
    assert (would["checkpoint"], would["audit"]["entries"]) == (4, 1)
    ledgers, audits = said().splitlines()
    assert ledgers.startswith("checkpoint 4: 1 entries of 1 accounts")
    assert audits.startswith("audit checkpoint 4: 1 audit records, up to record ")
    grant(Account.objects.first().pk, 1, "l")
    assert [(c["number"], c.get("of")) for c in json.loads(said("--json"))] == [(5, None), (5, "audit")]


def test_an_empty_ledger_holds(committed_db: str) -> None:
    assert (seal(), verifying.verify_everything().ok) == ([], True)
