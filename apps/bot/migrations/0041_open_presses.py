"""Finds the presses of a person that are not handled yet: a redraw that the next one replaces is left out."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("bot", "0040_closed_chats")]

    operations = build_index(
        "update",
        models.Index(
            condition=models.Q(("handled_at__isnull", True), ("kind", "callback_query")),
            fields=["person_id", "id"],
            name="bot_update_open_presses",
        ),
    )
