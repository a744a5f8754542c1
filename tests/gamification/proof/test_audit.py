"""A superuser with all triggers off who forges, alters or removes audit records is found, inside and outside the database."""

import re

import pytest

from apps.gamification.proof.verifying import verify_everything
from diana.audit.models import AuditRecord
from tests.gamification.proof.tampering import Place
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
    "above the seals, by a role that is none of Diana's": (forge(id=NEXT, written_as="'postgres'"), "role", None),
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
