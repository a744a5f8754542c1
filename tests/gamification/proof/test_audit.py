"""A superuser with all triggers off who forges, alters or removes audit records is found, inside and outside the database."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import transaction

from apps.gamification.models import Account
from apps.gamification.proof import fence, outside, rows, sealing, tasks
from apps.gamification.proof.books import AUDIT
from apps.gamification.proof.verifying import verify_everything, verify_new
from diana import clock
from diana.audit import record
from diana.audit.models import AuditRecord
from tests.gamification.acts import NOON, STAFF, person
from tests.gamification.proof.conftest import outside_audit
from tests.gamification.proof.histories import grant
from tests.gamification.proof.tampering import Place
from tests.gamification.proof.test_sealing import held_open
from tests.gamification.proof.test_tampering import verified_outside

SEALED = "(SELECT max(last_id) FROM gamification_auditcheckpoint WHERE number < 3)"
UNUSED = (
    "(SELECT max(u) FROM generate_series(1, (SELECT max(last_id) FROM gamification_auditcheckpoint)) u"
    " WHERE NOT EXISTS (SELECT FROM audit_record WHERE id = u))"
)
# What the row looks like that somebody takes for a model, with these columns changed.
COPY = (
    "INSERT INTO audit_record SELECT (jsonb_populate_record(r, jsonb_build_object({changes}))).* FROM audit_record r"
    " ORDER BY id DESC LIMIT 1"
)


def forge(**changes: str) -> str:
    return COPY.format(changes=", ".join(f"'{name}', {value}" for name, value in changes.items()))


NEXT = "(SELECT max(id) + 1 FROM audit_record)"
# What is done, the checks that must find it, and what the verifier outside must say among others: None if it cannot know.
FORGERIES: dict[str, tuple[str, str, str | None]] = {
    "another reason": (
        f"UPDATE audit_record SET reason = 'Nice' WHERE id = {SEALED}",
        "altered",
        r"audit record \d+: altered since",
    ),
    "another actor": (
        f"UPDATE audit_record SET actor = 'ana' WHERE id = {SEALED}",
        "altered",
        r"audit record \d+: altered since",
    ),
    "another role": (
        f"UPDATE audit_record SET written_as = 'x' WHERE id = {SEALED}",
        "altered",
        r"audit record \d+: altered since",
    ),
    "a record less": (
        f"DELETE FROM audit_record WHERE id = {SEALED}",
        "missing",
        r"audit record \d+: missing since",
    ),
    "one more with an old time": (forge(id=UNUSED, at="'2026-01-01'"), "added", r"audit record \d+: added since"),
    "one more below the seals": (forge(id="-7"), "added", "audit record -7: is below"),
    "the newest seal and its records": (
        "DELETE FROM audit_record WHERE id > (SELECT after_id FROM gamification_auditcheckpoint WHERE number = 3);"
        "DELETE FROM gamification_auditcheckpoint WHERE number = 3",
        "sealed",
        "audit checkpoint 3: records .* 0 are there",
    ),
    "above the seals, its time before those of others": (
        forge(id=NEXT, written_at="written_at - interval '1 hour'"),
        "time",
        None,
    ),
    "above the seals, by the owner in the name of staff": (forge(id=NEXT, written_as="'diana_owner'"), "role", None),
    "above the seals, past the trigger": (forge(id=NEXT, written_as="NULL::text"), "stamp", None),
}


def test_untouched_records_hold_for_both(place: Place) -> None:
    report = verify_everything()
    assert report.ok, report.faults
    assert report.audit
    assert (report.audit.checkpoints, report.audit.unsealed) == (3, 0)
    assert report.audit.sealed == AuditRecord.objects.count() == 27
    status, output = verified_outside(place)
    assert "27 audit records under 3 checkpoints, 0 not sealed." in output
    assert status == 0


@pytest.mark.parametrize("name", FORGERIES)
def test_what_is_forged_is_found(name: str, place: Place) -> None:
    statement, check, said = FORGERIES[name]
    place.database.execute(statement)  # type: ignore[call-overload]
    faults = verify_everything().faults
    assert check in {fault.check for fault in faults}, faults
    assert {fault.of for fault in faults} == {"audit"}
    status, output = verified_outside(place)
    if said is not None:
        assert status == 1
        assert re.search(said, output), output


def note(number: int) -> None:
    with transaction.atomic():
        record(actor=STAFF, act="a", target=("users.Person", number), before=None, after=None, reason="r")


def test_a_record_that_commits_late_is_sealed_once_and_holds_up_no_entries(committed_db: str) -> None:
    grant(person(), 1, "k")
    with held_open(lambda: note(1)) as over:
        note(2)
        with pytest.raises(fence.StillOpen):
            sealing.seal(now=NOON, patience=0.1, book=AUDIT)
        assert sealing.seal(now=NOON, patience=0.1) is not None, "entries wait for entries alone"
        threading.Timer(0.2, over.set).start()
        assert sealing.seal(now=NOON, patience=10, book=AUDIT) is not None
    outside.catch_up(AUDIT)
    outside.catch_up()
    found = verify_everything()
    assert found.ok, found.faults
    assert found.audit
    assert (found.audit.sealed, found.audit.unsealed) == (AuditRecord.objects.count(), 0)


def test_the_periodic_task_seals_both_and_each_also_where_the_other_cannot(
    committed_db: str, checkpoint_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    grant(person(), 1, "k")
    with time_machine.travel(clock.real_now(), tick=False) as traveller:
        assert tasks.seal_ledger() == 1
        assert len(outside_audit(checkpoint_file).read_bytes().splitlines()) == 1
        for file, sealed in ((checkpoint_file, (1, 2)), (outside_audit(checkpoint_file), (2, 3))):
            whole = file.read_bytes()
            file.unlink()
            note(3)
            traveller.shift(timedelta(minutes=1))
            tasks.seal_ledger()
            assert (rows.last().number, rows.last(AUDIT).number) == sealed
            file.write_bytes(whole)
            grant(Account.objects.first().pk, 1, f"after.{file.name}"[:20])
            traveller.shift(timedelta(minutes=1))
            tasks.seal_ledger()
        assert "the audit record is not sealed" in caplog.text


def test_what_was_verified_is_not_read_again_but_must_be_what_it_was(place: Place) -> None:
    assert verify_new().audit.checkpoints == 3, "everything at first"
    assert verify_new().audit.checkpoints == 0
    place.run("ALTER TABLE gamification_verification DISABLE TRIGGER ALL")
    place.run("UPDATE gamification_verification SET audit_checkpoint = NULL, audit_checkpoint_hash = NULL")
    assert verify_new().audit.checkpoints == 3, "a verification of an earlier release saw no audit records"
    place.run("UPDATE gamification_auditcheckpoint SET signature = sha256('') || sha256('') WHERE number = 3")
    place.run("UPDATE gamification_verification SET audit_checkpoint_hash = sha256('')")
    assert "verified before" in str(verify_new().faults)
