"""Looks at the notices of before, all of whose kinds are known: apart, so that nobody waits for it."""

from importlib import import_module

from django.db import migrations

NAME = "bot_notice_kind_known"
KINDS = ", ".join(f"'{kind}'" for kind, _ in import_module("apps.bot.migrations.0075_shown_screens").KINDS)


class Migration(migrations.Migration):
    dependencies = [("bot", "0075_shown_screens")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE bot_notice VALIDATE CONSTRAINT {NAME}",
            f"ALTER TABLE bot_notice DROP CONSTRAINT {NAME}, ADD CONSTRAINT {NAME} CHECK (kind IN ({KINDS})) NOT VALID",
        ),
    ]
