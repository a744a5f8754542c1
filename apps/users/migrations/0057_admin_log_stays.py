"""Keeps what Django notes of forms in the admin: added to, and blanked of who is erased; so logins that acted stay too."""

from pathlib import Path

from django.db import migrations

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql") / "admin_log.sql"
DROP = """
DROP TRIGGER django_admin_log_stays ON django_admin_log;
DROP TRIGGER django_admin_log_blanked ON django_admin_log;
DROP FUNCTION keep_admin_log();
"""
WRITTEN = ("action_time", "user_id", "content_type_id", "object_id", "object_repr", "action_flag", "change_message")


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0056_second_factor_audited"),
        ("events", "0003_event_log"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunSQL(SQL.read_text(), DROP),
        restrict_application("django_admin_log", insert=WRITTEN, update=("object_repr", "change_message")),
    ]
