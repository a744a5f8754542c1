"""Indexes for what staff search failed deliveries by."""

from django.db import migrations, models

from diana.indexes import build_index


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0008_visits")]
    operations = [
        *build_index("failure", models.Index(fields=["position"], name="event_failure_position")),
        *build_index("failure", models.Index(fields=["key"], name="event_failure_key")),
    ]
