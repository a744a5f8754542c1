"""Indexes for what staff search notices and unreadable updates by."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("bot", "0037_unpaid_groups")]
    operations = [
        AddIndexConcurrently("unreadable", models.Index(fields=["update_id"], name="bot_unreadable_update")),
        AddIndexConcurrently("notice", models.Index(fields=["person_id", "id"], name="bot_notice_of_person")),
    ]
