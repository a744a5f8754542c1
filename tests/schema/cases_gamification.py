"""Points, rules, achievements, boards, flags, the proof: a row of each table, and what they refuse."""

from apps.gamification import services
from apps.gamification.models import Flag
from apps.gamification.proof import sealing, verifying
from apps.gamification.proof.books import AUDIT
from apps.users.services import grant_vip
from diana import clock
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, STAFF, award, daily, event, people
from tests.gamification.test_abuse import spam, watch
from tests.gamification.test_requests import ask
from tests.schema.cases import Case, add

# What makes a copy another row, so that no unique key is in the way of the one that is meant.
NEW_ENTRY = {"id": "-id", "sequence": "sequence + 1000", "idempotency_key": "'new'"}
NEW_UNLOCK = {"id": "-id", "event_id": "gen_random_uuid()"}
REVOKED = {"revoked_at": "now()", "revoked_by": "'a'", "revocation_audit": "1", "revocation_key": "'new'"}
GRANTED = {"granted_by": "'a'", "grant_key": "'new'", "audit": "1"}
# Entries of the other kinds, made of an award.
SUPPRESSED = {"kind": "'suppressed'", "amount": "0", "note": "'cap'"}
STAFFS = {"actor": "'vera'", "reason_hash": "hash", "amount": "base"}
PENALTY = STAFFS | {"kind": "'penalty'", "amount": "-5", "base": "-5"}
REVERSAL = STAFFS | {"kind": "'reversal'", "amount": "-5", "base": "5", "reverses": "1"}
UNSIGNED = ({"actor": "NULL"}, {"reason_hash": "NULL"})
APPROVED = {
    "status": "'approved'",
    "decided_by_id": "5",
    "decided_by": "'olga'",
    "decided_at": "now()",
    "decision": "'a'",
}

LEDGER = {
    "gamification_account_not_negative": Case(
        "gamification_account", {"balance": "-1"}, {"lifetime": "-1"}, {"sequence": "-1"}
    ),
    "gamification_account_hash_length": Case("gamification_account", {"hash": "'\\x00'"}),
    "gamification_entry_not_negative": Case(
        "gamification_entry", {"balance_after": "-1"}, {"lifetime_after": "-1"}, {"sequence": "0"}
    ),
    "gamification_entry_hash_lengths": Case(
        "gamification_entry", {"hash": "'\\x00'"}, {"previous_hash": "'\\x00'"}, {"reason_hash": "'\\x00'"}
    ),
    "gamification_entry_texts": Case(
        "gamification_entry",
        *({column: "'a|b'"} for column in ("rule", "multipliers", "note", "idempotency_key", "actor")),
        *({column: f"repeat('a', {n})"} for column, n in (("rule", 41), ("multipliers", 201), ("note", 41))),
        *({column: f"repeat('a', {n})"} for column, n in (("idempotency_key", 201), ("actor", 151))),
        {"idempotency_key": "''"},
        {"actor": "''"},
        {"actor": "E'a\\nb'"},
        of="kind = 'award'",
    ),
    "gamification_entry_kind": Case(
        "gamification_entry",
        {"kind": "'gift'"},
        {"amount": "-1"},
        {"base": "0"},
        {"event_id": "NULL"},
        {"rule": "''"},
        {"reverses": "1"},
        *(SUPPRESSED | change for change in ({"amount": "1"}, {"base": "0"}, {"event_id": "NULL"}, {"rule": "''"})),
        *(SUPPRESSED | change for change in ({"note": "''"}, {"reverses": "1"})),
        *(
            STAFFS | {"kind": "'staff_award'"} | change
            for change in ({"amount": "base + 1"}, *UNSIGNED, {"reverses": "1"})
        ),
        STAFFS | {"kind": "'staff_award'", "amount": "0", "base": "0"},
        *(PENALTY | change for change in ({"amount": "1"}, {"amount": "-6"}, *UNSIGNED, {"reverses": "1"})),
        PENALTY | {"amount": "0", "base": "0"},
        *(REVERSAL | change for change in ({"amount": "1"}, {"amount": "-6"}, *UNSIGNED, {"reverses": "NULL"})),
        of="kind = 'award' AND amount > 0",
    ),
    "gamification_entry_idempotency_key_key": Case(
        "gamification_entry", {"id": "-id", "sequence": "sequence + 1000"}, of="kind = 'award'"
    ),
    "gamification_entry_sequence_once": Case(
        "gamification_entry", NEW_ENTRY | {"sequence": "sequence"}, of="kind = 'award'"
    ),
    "gamification_entry_reversed_once": Case("gamification_entry", NEW_ENTRY, of="kind = 'reversal'"),
}


def checkpoint_cases(table: str, *accounts: str) -> dict[str, Case]:
    """Return the cases of a table of checkpoints; `accounts` are numbers of them that cannot be."""
    return {
        f"{table}_lengths": Case(
            table,
            *({column: "'\\x00'"} for column in ("previous", "entries_root", "heads_root", "hash", "signature")),
        ),
        f"{table}_range": Case(
            table,
            {"number": "0"},
            {"after_id": "-1"},
            {"last_id": "after_id - 1"},
            {"entries": "-1", "entry_index": "''"},
            {"last_id": "after_id + entries - 1"},
            {"total": "entries - 1"},
            *({"accounts": number} for number in accounts),
            {"resumes": "-1"},
            {"resumes": "number"},
            of="entries > 0",
            without=(f"{table}_index",),
        ),
        f"{table}_key": Case(table, {"key_id": "''"}, {"key_id": "'a|b'"}, {"key_id": "repeat('a', 33)"}),
        f"{table}_index": Case(table, {"entry_index": "'\\x00'"}),
    }


PROOF = {
    **checkpoint_cases("gamification_checkpoint", "-1", "entries + 1"),
    **checkpoint_cases("gamification_auditcheckpoint", "-1", "1"),
    "gamification_verification_scope_known": Case("gamification_verification", {"scope": "'half'"}),
    "gamification_verification_not_negative": Case(
        "gamification_verification", *({column: "-1"} for column in ("accounts", "entries", "faults", "seconds"))
    ),
}

RULES = {
    "gamification_rulebook_one_row": Case("gamification_rulebook", {"id": "2"}),
    "gamification_ruleversion_once": Case("gamification_ruleversion", {"id": "-id"}),
    "gamification_ruleversion_from_one": Case("gamification_ruleversion", {"version": "0"}),
    "gamification_ruleversion_version_check": Case(
        "gamification_ruleversion", {"version": "-1"}, without=("gamification_ruleversion_from_one",)
    ),
    "gamification_ruleversion_base_check": Case("gamification_ruleversion", {"base": "-1"}),
    "gamification_multiplierversion_version_check": Case("gamification_multiplierversion", {"version": "-1"}),
    "gamification_achievement_key": Case("gamification_achievement", {"key": "'A'"}, {"key": "''"}),
    "gamification_achievementversion_once": Case("gamification_achievementversion", {"id": "-id"}),
    "gamification_achievementversion_from_one": Case("gamification_achievementversion", {"version": "0"}),
    "gamification_achievementversion_version_check": Case(
        "gamification_achievementversion", {"version": "-1"}, without=("gamification_achievementversion_from_one",)
    ),
}

UNLOCK = "gamification_unlock"
UNLOCKS = {
    "gamification_unlock_version_check": Case(UNLOCK, {"version": "-1"}),
    "gamification_unlock_tier": Case(UNLOCK, {"tier": "'wood'"}),
    "gamification_unlock_period": Case(UNLOCK, {"period": "repeat('x', 41)"}),
    "gamification_unlock_granted": Case(
        UNLOCK,
        {"granted_by": "'a'", "audit": "1"},
        {"grant_key": "'new'"},
        {"granted_by": "'a'", "grant_key": "'new'"},
        of="granted_by IS NULL",
    ),
    "gamification_unlock_revoked": Case(
        UNLOCK, *(REVOKED | {column: "NULL"} for column in REVOKED), of="revoked_at IS NULL"
    ),
    "gamification_unlock_once": Case(UNLOCK, NEW_UNLOCK | REVOKED, of="granted_by IS NULL"),
    "gamification_unlock_stands_once": Case(UNLOCK, NEW_UNLOCK | GRANTED, of="revoked_at IS NULL"),
    "gamification_unlock_event_id_key": Case(UNLOCK, {"id": "-id", "period": "'another'"}, of="granted_by IS NULL"),
    "gamification_unlock_grant_key_key": Case(
        UNLOCK, NEW_UNLOCK | {"period": "'another'"}, of="grant_key IS NOT NULL AND revoked_at IS NULL"
    ),
    "gamification_unlock_revocation_key_key": Case(
        UNLOCK, NEW_UNLOCK | GRANTED | {"period": "'another'"}, of="revocation_key IS NOT NULL"
    ),
}

REQUEST = "gamification_staffrequest"
JUDGED = {
    "gamification_boardrow_not_negative": Case("gamification_boardrow", {"score": "-1"}),
    "gamification_boardrow_board_known": Case("gamification_boardrow", {"board": "0"}, {"board": "9"}),
    "gamification_flag_resolved_by_somebody": Case(
        "gamification_flag",
        {"status": "'confirmed'"},
        {"resolved_by": "'a'"},
        {"resolved_at": "now()"},
        {"status": "'gone'", "resolved_at": "now()", "resolved_by": "'a'"},
        {"status": "'dismissed'", "resolved_at": "now()", "resolved_by": "''"},
        of="status = 'open'",
    ),
    "gamification_hold_once": Case("gamification_hold", {"id": "-id"}),
    "gamification_hold_entry_if_released": Case(
        "gamification_hold",
        {"entry": "1"},
        {"status": "'forfeited'", "entry": "1"},
        {"status": "'gone'"},
        of="status = 'held'",
    ),
    "gamification_staffrequest_key_key": Case(REQUEST, {"id": "-id"}),
    "gamification_request_reason_given": Case(REQUEST, {"reason": "''"}, {"reason": "E' \\n'"}),
    "gamification_request_asked_by_somebody": Case(REQUEST, {"asked_by": "''"}),
    "gamification_request_by_two": Case(
        REQUEST,
        APPROVED | {"decided_by_id": "asked_by_id"},
        APPROVED | {"decided_by": "asked_by"},
        of="status = 'pending' AND asked_by_id <> 5",
    ),
    "gamification_request_decided_by_somebody": Case(
        REQUEST,
        {"status": "'approved'"},
        {"status": "'gone'"},
        APPROVED | {"status": "'pending'"},
        *(APPROVED | {column: "NULL"} for column in APPROVED if column != "status"),
        APPROVED | {"decision": "' '"},
        APPROVED | {"decided_by": "''"},
        of="status = 'pending'",
    ),
}

CASES = LEDGER | PROOF | RULES | UNLOCKS | JUDGED


def fill() -> None:
    """Make a row in each of the tables; of entries, flags and unlocks one of each kind. What has no row yet is new."""
    watch(rapid_fire={"action": "flag"})
    somebody, other = people(2)
    award(daily(somebody), event("user.returned", somebody, days_away=9))
    for person_id in (somebody, other):
        spam(person_id)
    services.dismiss_flag(flag_id=Flag.objects.filter(account_id=other).get().pk, key="d", **ACT)
    ask(somebody)
    staff_acts(somebody)
    grant_vip(person_id=somebody, source="gift", days=3, reason="a", actor=STAFF, now=clock.now())
    drain(AWARDS)
    sealing.seal_all(now=NOON)
    sealing.seal_all(now=NOON, book=AUDIT)
    verifying.verify_everything()
    # kept for the release before; the application has no right to it
    add("gamification_dayscore", utc_date=NOON.date(), account_id=somebody, points=50, reached_at=NOON)


ACT = {"reason": "A fair one", "actor": STAFF, "now": NOON}


def staff_acts(somebody: int) -> None:
    """Award, take, reverse; grant achievements, and revoke one."""
    given = services.award(person_id=somebody, amount=100, key="a", **ACT)
    services.award(person_id=somebody, amount=-30, key="p", **ACT)
    services.reverse_entry(entry_id=given.pk, key="r", **ACT)
    services.grant_achievement(person_id=somebody, achievement="staff_pick", tier="single", key="g", **ACT)
    climbed = services.grant_achievement(person_id=somebody, achievement="climber", tier="gold", key="c", **ACT)
    drain(AWARDS)
    services.revoke_achievement(unlock_id=climbed.pk, key="v", **ACT)
