"""Looks at the chats of before, which nobody has closed: apart, so that nobody waits for it."""

from django.db import migrations

CHECK = (
    "CHECK ((closed_at IS NULL AND closed_until IS NULL)"
    " OR (closed_at IS NOT NULL AND closed_until IS NOT NULL AND closed_until >= closed_at))"
)


class Migration(migrations.Migration):
    dependencies = [("bot", "0041_open_presses")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE bot_chat VALIDATE CONSTRAINT bot_chat_closed_until_after",
            "ALTER TABLE bot_chat DROP CONSTRAINT bot_chat_closed_until_after,"
            f" ADD CONSTRAINT bot_chat_closed_until_after {CHECK} NOT VALID",
        )
    ]
