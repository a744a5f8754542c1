"""What the triggers of points, rules, achievements, boards and flags refuse and do."""

import json

from tests.gamification.proof.tampering import HASH
from tests.schema.cases import Effect, Wall, append_only, audited

ENTRY, ACCOUNT, UNLOCK = "gamification_entry", "gamification_account", "gamification_unlock"
CHECKPOINT, REQUEST = "gamification_checkpoint", "gamification_staffrequest"
AUDIT_CHECKPOINT = "gamification_auditcheckpoint"
RULE_VERSION, BONUSES = "gamification_ruleversion", "gamification_multiplierversion"
ACHIEVEMENT, ACHIEVEMENT_VERSION = "gamification_achievement", "gamification_achievementversion"


def copy(table: str, of: str, **changes: object) -> str:
    """Return the statement that adds a copy of a row with columns changed, and no other unique key than its own."""
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(r, '{json.dumps(changes)}')).* FROM {table} r"
        f" WHERE {of} ORDER BY 1 LIMIT 1"
    )


def revises(table: str, statement: str) -> Effect:
    """Return the effect of a trigger that gives the rulebook a new revision."""
    nil = "00000000-0000-0000-0000-000000000000"
    return Effect(
        table,
        f"UPDATE gamification_rulebook SET revision = '{nil}'; {statement}",
        f"SELECT revision <> '{nil}' FROM gamification_rulebook",
    )


def decided_once(table: str, decide: str, again: str) -> Wall:
    """Return the wall of what staff decide about."""
    return Wall(table, "was decided before", f"UPDATE {table} SET {decide}; UPDATE {table} SET {again}")


def out_of_turn() -> str:
    """Return the statement that adds an entry that follows on none, with the hash that it should have."""
    made = another_entry("award")
    return (
        f"WITH made AS ({made.removeprefix(f'INSERT INTO {ENTRY} ')}) INSERT INTO {ENTRY}"
        f" SELECT (jsonb_populate_record(NULL::{ENTRY}, to_jsonb(made) || jsonb_build_object('hash', {HASH}))).* FROM made"
    )


def another_entry(kind: str, **changes: object) -> str:
    """Return the statement that adds an entry that follows on none."""
    return copy(ENTRY, f"kind = '{kind}' AND amount > 0", id=-1, sequence=1000, idempotency_key="new", **changes)


DECIDED = "status = 'dismissed', resolved_at = now(), resolved_by = 'a'"
REFUSED = "status = 'refused', decided_by_id = 5, decided_by = 'olga', decided_at = now(), decision = 'a'"
NEW_VERSION = {RULE_VERSION: copy(RULE_VERSION, "true", id=-1, version=1000),
               BONUSES: copy(BONUSES, "true", version=1000),
               ACHIEVEMENT_VERSION: copy(ACHIEVEMENT_VERSION, "true", id=-1, version=1000)}  # fmt: skip

LEDGER: dict[str, Wall | Effect] = {
    "gamification_entry_posts": Wall(
        ENTRY, "entry (out of turn|with a wrong hash)", out_of_turn(), another_entry("award")
    ),
    "gamification_entry_role_limit": Wall(
        ENTRY,
        "adds no entry of the kind award that is not owed",
        "INSERT INTO event_role_limit (role, relation, value) VALUES (session_user, 'gamification_entry', 'penalty');"
        f" {another_entry('award', event_id='00000000-0000-0000-0000-000000000001')}",
    ),
    "gamification_entry_append_only": append_only(ENTRY, "UPDATE", "DELETE", "TRUNCATE"),
    "gamification_entry_scores": Effect(
        ENTRY,
        another_entry("award", occurred_at="2001-02-03 12:00+00"),
        "SELECT EXISTS (SELECT FROM gamification_boardrow WHERE board = 4 AND period = '2001-02-03' AND score > 0)",
    ),
    "gamification_entry_audited": audited(ENTRY, another_entry("staff_award")),
    "gamification_reason_not_reworded": append_only("gamification_reason", "UPDATE", "TRUNCATE", column="text"),
    "gamification_reason_kept": append_only("gamification_reason", "DELETE"),
    "gamification_account_opens": Effect(
        ACCOUNT,
        f"INSERT INTO {ACCOUNT} (person_id, balance, hash) SELECT id, 7, sha256('') FROM users_person"
        f" WHERE id NOT IN (SELECT person_id FROM {ACCOUNT}) LIMIT 1",
        f"SELECT bool_and(balance = 0) FROM {ACCOUNT} WHERE sequence = 0",
    ),
    "gamification_checkpoint_continues": Wall(
        CHECKPOINT, "checkpoint out of turn", copy(CHECKPOINT, "true", number=2), copy(CHECKPOINT, "true", number=3)
    ),
    "gamification_checkpoint_append_only": append_only(CHECKPOINT, "UPDATE", "DELETE", "TRUNCATE", column="number"),
    f"{AUDIT_CHECKPOINT}_continues": Wall(
        AUDIT_CHECKPOINT,
        "audit checkpoint out of turn",
        copy(AUDIT_CHECKPOINT, "true", number=2),
        copy(AUDIT_CHECKPOINT, "true", number=3),
    ),
    f"{AUDIT_CHECKPOINT}_append_only": append_only(AUDIT_CHECKPOINT, "UPDATE", "DELETE", "TRUNCATE", column="number"),
    "gamification_verification_append_only": append_only("gamification_verification", "UPDATE", "DELETE", "TRUNCATE"),
    "gamification_boardperson_shows": Effect(
        "gamification_boardperson",
        "UPDATE gamification_boardperson SET archetype = 'seen'",
        "SELECT EXISTS (SELECT FROM gamification_boardrow WHERE archetype = 'seen')",
    ),
}

RULES: dict[str, Wall | Effect] = {
    f"{RULE_VERSION}_append_only": append_only(RULE_VERSION, "UPDATE", "DELETE", "TRUNCATE"),
    f"{BONUSES}_append_only": append_only(BONUSES, "UPDATE", "DELETE", "TRUNCATE", column="version"),
    f"{ACHIEVEMENT_VERSION}_append_only": append_only(ACHIEVEMENT_VERSION, "UPDATE", "DELETE", "TRUNCATE"),
    "gamification_rule_revises": revises("gamification_rule", "UPDATE gamification_rule SET title = title"),
    f"{ACHIEVEMENT}_revises": revises(ACHIEVEMENT, f"UPDATE {ACHIEVEMENT} SET title = title"),
    **{f"{table}_revises": revises(table, statement) for table, statement in NEW_VERSION.items()},
    "gamification_rule_not_emptied": append_only("gamification_rule", "TRUNCATE"),
    "gamification_rule_audited": audited("gamification_rule", "UPDATE gamification_rule SET title = title"),
    **{f"{table}_audited": audited(table, NEW_VERSION[table]) for table in (RULE_VERSION, BONUSES)},
    "gamification_unlock_only_revoked": Wall(
        UNLOCK,
        "can be revoked, once, and nothing else",
        f"UPDATE {UNLOCK} SET tier = tier",
        f"UPDATE {UNLOCK} SET revoked_at = NULL, revoked_by = NULL, revocation_audit = NULL, revocation_key = NULL"
        " WHERE revoked_at IS NOT NULL",
        f"UPDATE {UNLOCK} SET tier = 'gold', revoked_at = now(), revoked_by = 'a', revocation_audit = 1,"
        f" revocation_key = 'new' WHERE id = (SELECT min(id) FROM {UNLOCK} WHERE revoked_at IS NULL)",
    ),
    "gamification_unlock_append_only": append_only(UNLOCK, "DELETE", "TRUNCATE"),
}

JUDGED: dict[str, Wall | Effect] = {
    "gamification_flag_guard": decided_once("gamification_flag", DECIDED, "status = 'confirmed'"),
    "gamification_hold_guard": decided_once("gamification_hold", "status = 'forfeited'", "status = 'held'"),
    "gamification_staffrequest_guard": decided_once(REQUEST, REFUSED, "status = 'approved'"),
    "gamification_flag_stays": append_only("gamification_flag", "DELETE", "TRUNCATE"),
    "gamification_hold_stays": append_only("gamification_hold", "DELETE", "TRUNCATE"),
    "gamification_staffrequest_stays": append_only(REQUEST, "DELETE", "TRUNCATE"),
    "gamification_staffrequest_begins": Wall(
        REQUEST,
        f"^{REQUEST} is append-only: INSERT",
        copy(REQUEST, "true", id=-1, key="new", status="expired"),
    ),
    "gamification_flag_audited": audited("gamification_flag", f"UPDATE gamification_flag SET {DECIDED}"),
    "gamification_hold_audited": audited(
        "gamification_hold", "UPDATE gamification_hold SET status = 'forfeited' WHERE entry IS NULL"
    ),
    "gamification_staffrequest_audited": audited(REQUEST, f"UPDATE {REQUEST} SET points = points"),
}

TRIGGERS = LEDGER | RULES | JUDGED
