"""Keeps the words beside entries as long as their person is, and rules: no role takes them away otherwise."""

from pathlib import Path

from django.db import migrations

from diana.audit.walls import never_emptied
from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql") / "reasons.sql"
DROP = "DROP TRIGGER gamification_reason_kept ON gamification_reason; DROP FUNCTION gamification_keep_reasons();"


class Migration(migrations.Migration):
    dependencies = [("gamification", "0075_audit_checkpoints"), ("users", "0054_rights_audited")]
    operations = [
        migrations.RunSQL(SQL.read_text(), DROP),
        restrict_application("gamification_reason", insert=("entry_id", "salt", "text"), delete=True),
        never_emptied("gamification_rule"),
    ]
