"""Looks at what was set aside before, all for known reasons: apart, so that nobody waits for it."""

from django.db import migrations

KNOWN = "CHECK (reason IN ('size', 'body', 'database', 'error', 'conflict'))"


class Migration(migrations.Migration):
    dependencies = [("bot", "0050_conflicts_set_aside")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE bot_unreadable VALIDATE CONSTRAINT bot_unreadable_reason_known",
            "ALTER TABLE bot_unreadable DROP CONSTRAINT bot_unreadable_reason_known,"
            f" ADD CONSTRAINT bot_unreadable_reason_known {KNOWN} NOT VALID",
        )
    ]
