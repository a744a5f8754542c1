"""An index of the log by person: a person's history is read in one query, while publishing goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0005_deferred")]
    operations = [
        AddIndexConcurrently(
            "storedevent",
            models.Index(fields=["user_id", "id"], condition=models.Q(user_id__isnull=False), name="event_log_person"),
        ),
    ]
