"""Indexes for the list of groups, and for updates that are deleted after a day."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("bot", "0059_states_of_groups_checked")]
    operations = [
        *build_index(
            "chat",
            models.Index(
                condition=models.Q(("kind__in", ["group", "supergroup"])), fields=["id"], name="bot_chat_groups"
            ),
        ),
        *build_index(
            "update",
            models.Index(
                condition=models.Q(("delete_at__isnull", False)), fields=["delete_at"], name="bot_update_delete_at"
            ),
        ),
    ]
