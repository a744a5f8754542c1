"""An index of the log by person: a person's history is read in one query, while publishing goes on."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0005_deferred")]
    operations = build_index(
        "storedevent",
        models.Index(fields=["user_id", "id"], condition=models.Q(user_id__isnull=False), name="event_log_person"),
    )
