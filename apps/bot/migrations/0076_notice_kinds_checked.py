"""Looks at the notices of before, all of whose kinds are known: apart, so that nobody waits for it."""

from django.db import migrations

NAME = "bot_notice_kind_known"


class Migration(migrations.Migration):
    dependencies = [("bot", "0075_shown_screens")]

    operations = [
        migrations.RunSQL(f"ALTER TABLE bot_notice VALIDATE CONSTRAINT {NAME}", migrations.RunSQL.noop),
    ]
