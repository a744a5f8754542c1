"""Keeps a role of the database to its sources of VIP and its origins of records, where it has some."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql") / "role_limits.sql"
DROP = "DROP TRIGGER users_grant_role_limit ON users_grant; DROP TRIGGER audit_record_role_limit ON audit_record;"


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0080_ended_sessions_stay_ended"),
        ("audit", "0008_own_transaction"),
        ("events", "0015_role_limits"),
    ]
    operations = [migrations.RunSQL(SQL.read_text(), DROP)]
