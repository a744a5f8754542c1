"""Looks at the chats of before, all of whose states are known: apart, so that nobody waits for it."""

from django.db import migrations

CHECKS = {
    "bot_chat_state_known": "state IN ('pending', 'approved', 'refused', 'left')",
    "bot_chat_members_counted": "members >= 0",
}


class Migration(migrations.Migration):
    dependencies = [("bot", "0058_approve_present_groups")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE bot_chat VALIDATE CONSTRAINT {name}",
            f"ALTER TABLE bot_chat DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({check}) NOT VALID",
        )
        for name, check in CHECKS.items()
    ]
