"""Roles of the database that are kept to some values of new rows, and cursors that stay within the log."""

from pathlib import Path

from django.db import migrations, models

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("events", "0014_idle_publishers")]
    operations = [
        migrations.CreateModel(
            name="RoleLimit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("role", models.TextField()),
                ("relation", models.TextField()),
                ("value", models.TextField()),
            ],
            options={
                "db_table": "event_role_limit",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("role", "relation", "value"), name="event_role_limit_once")
                ],
            },
        ),
        restrict_application("event_role_limit"),
        migrations.RunSQL((SQL / "role_limits.sql").read_text(), (SQL / "role_limits_back.sql").read_text()),
        migrations.RunSQL(
            (SQL / "cursor_bound.sql").read_text(),
            "DROP TRIGGER event_cursor_within_log ON event_cursor; DROP FUNCTION event_cursor_within_log();",
        ),
    ]
