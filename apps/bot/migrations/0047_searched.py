"""Indexes for what staff search notices and unreadable updates by."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("bot", "0046_moved_groups")]
    operations = [
        *build_index("unreadable", models.Index(fields=["update_id"], name="bot_unreadable_update")),
        *build_index("notice", models.Index(fields=["person_id", "id"], name="bot_notice_of_person")),
    ]
