"""Indexes by which what one member of staff gave within a day is added up, while others write."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("gamification", "0068_messages_in_groups")]
    operations = [
        *build_index(
            "entry",
            models.Index(
                fields=["actor", "occurred_at"],
                condition=models.Q(("actor__isnull", False)),
                name="gamification_entry_by_actor",
            ),
        ),
        *build_index(
            "unlock",
            models.Index(
                fields=["granted_by", "unlocked_at"],
                condition=models.Q(("granted_by__isnull", False)),
                name="gamification_unlock_by_actor",
            ),
        ),
    ]
