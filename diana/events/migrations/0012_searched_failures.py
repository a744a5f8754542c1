"""Indexes for what staff search failed deliveries by."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("events", "0008_visits")]
    operations = [
        AddIndexConcurrently("failure", models.Index(fields=["position"], name="event_failure_position")),
        AddIndexConcurrently("failure", models.Index(fields=["key"], name="event_failure_key")),
    ]
