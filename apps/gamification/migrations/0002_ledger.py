"""Builds the walls of the ledger and of the rules: triggers in SQL, and what the application's role may write."""

from pathlib import Path

from django.db import migrations

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql")
ENTRY_COLUMNS = (
    "id", "account_id", "sequence", "amount", "balance_after", "lifetime_after", "kind", "rule", "rule_version", "base",
    "multipliers", "note", "event_id", "idempotency_key", "reverses", "actor", "reason_hash", "occurred_at",
    "previous_hash", "hash",
)  # fmt: skip
RULE_VERSION_COLUMNS = (
    "rule_id", "version", "active_from", "event_type", "base", "limits", "conditions", "amounts", "capped", "multiplied",
    "created_at", "created_by",
)  # fmt: skip

DROP_LEDGER = """
DROP TRIGGER gamification_entry_posts ON gamification_entry;
DROP TRIGGER gamification_entry_append_only ON gamification_entry;
DROP TRIGGER gamification_reason_not_reworded ON gamification_reason;
DROP TRIGGER gamification_account_opens ON gamification_account;
DROP FUNCTION gamification_post_entries();
DROP FUNCTION gamification_open_account();
DROP FUNCTION gamification_gain(text, bigint, bigint);
DROP FUNCTION gamification_entry_hash(
    bigint, bigint, bigint, bigint, bigint, text, text, integer, bigint, text, text, uuid, text, bigint, text, bytea,
    timestamptz, bytea);
ALTER TABLE gamification_account DROP CONSTRAINT gamification_account_not_negative,
    DROP CONSTRAINT gamification_account_hash_length, RESET (fillfactor);
ALTER TABLE gamification_entry DROP CONSTRAINT gamification_entry_not_negative,
    DROP CONSTRAINT gamification_entry_hash_lengths, DROP CONSTRAINT gamification_entry_texts,
    DROP CONSTRAINT gamification_entry_kind;
ALTER TABLE gamification_progress RESET (fillfactor);
ALTER TABLE gamification_dayscore RESET (fillfactor);
"""

DROP_RULES = """
DROP TRIGGER gamification_ruleversion_append_only ON gamification_ruleversion;
DROP TRIGGER gamification_multiplierversion_append_only ON gamification_multiplierversion;
DROP TRIGGER gamification_rule_revises ON gamification_rule;
DROP TRIGGER gamification_ruleversion_revises ON gamification_ruleversion;
DROP TRIGGER gamification_multiplierversion_revises ON gamification_multiplierversion;
DROP FUNCTION gamification_revise_rulebook();
DELETE FROM gamification_rulebook;
"""


class Migration(migrations.Migration):
    dependencies = [("gamification", "0001_points"), ("events", "0003_event_log")]
    operations = [
        migrations.RunSQL((SQL / "ledger.sql").read_text(), DROP_LEDGER),
        migrations.RunSQL((SQL / "rules.sql").read_text(), DROP_RULES),
        restrict_application("gamification_account", insert=("person_id",)),
        restrict_application("gamification_progress", insert=("account_id",), update=("document",)),
        restrict_application("gamification_entry", insert=ENTRY_COLUMNS),
        restrict_application("gamification_dayscore"),
        restrict_application("gamification_rule", insert=("key", "title", "active"), update=("title", "active")),
        restrict_application("gamification_ruleversion", insert=RULE_VERSION_COLUMNS),
        restrict_application(
            "gamification_multiplierversion", insert=("version", "active_from", "config", "created_at", "created_by")
        ),
        restrict_application("gamification_rulebook"),
    ]
