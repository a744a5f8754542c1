"""Builds the walls of achievements: triggers in SQL, and what the application's role may write."""

from pathlib import Path

from django.db import migrations

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql")
ACHIEVEMENT_COLUMNS = ("key", "title", "description", "category", "secret", "repeatable", "active")
VERSION_COLUMNS = (
    "achievement_id", "version", "active_from", "strategy", "config", "tiers", "bonuses", "created_at", "created_by",
)  # fmt: skip
UNLOCK_COLUMNS = (
    "account_id", "achievement_id", "version", "tier", "period", "event_id", "unlocked_at", "quiet", "granted_by", "audit",
    "grant_key",
)  # fmt: skip
REVOCATION_COLUMNS = ("revoked_at", "revoked_by", "revocation_audit", "revocation_key")

DROP = """
DROP TRIGGER gamification_achievementversion_append_only ON gamification_achievementversion;
DROP TRIGGER gamification_achievement_revises ON gamification_achievement;
DROP TRIGGER gamification_achievementversion_revises ON gamification_achievementversion;
DROP TRIGGER gamification_unlock_only_revoked ON gamification_unlock;
DROP TRIGGER gamification_unlock_append_only ON gamification_unlock;
DROP FUNCTION gamification_unlock_only_revoked();
ALTER TABLE gamification_unlock DROP CONSTRAINT gamification_unlock_tier, DROP CONSTRAINT gamification_unlock_period,
    DROP CONSTRAINT gamification_unlock_granted, DROP CONSTRAINT gamification_unlock_revoked;
"""


class Migration(migrations.Migration):
    dependencies = [("gamification", "0020_achievements")]
    operations = [
        migrations.RunSQL((SQL / "achievements.sql").read_text(), DROP),
        restrict_application(
            "gamification_achievement",
            insert=ACHIEVEMENT_COLUMNS,
            update=("title", "description", "category", "secret", "active"),
        ),
        restrict_application("gamification_achievementversion", insert=VERSION_COLUMNS),
        restrict_application("gamification_unlock", insert=UNLOCK_COLUMNS, update=REVOCATION_COLUMNS),
    ]
