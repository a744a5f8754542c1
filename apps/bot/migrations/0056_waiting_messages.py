"""An index for messages of a chat that wait to be taken: a reaction to one of them may be taken first."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("bot", "0055_seen_messages")]
    operations = build_index(
        "update",
        models.Index(
            fields=["chat_id"],
            condition=models.Q(("handled_at__isnull", True), ("kind", "message")),
            name="bot_update_waiting",
        ),
    )
