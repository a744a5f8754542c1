"""Indexes for what staff search unlocks and requests by."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("gamification", "0061_recorded_in_domain_time"), ("audit", "0004_searched")]
    operations = [
        AddIndexConcurrently("unlock", models.Index(fields=["account", "id"], name="gamification_unlock_of_account")),
        AddIndexConcurrently("staffrequest", models.Index(fields=["asked_by"], name="gamification_request_asker")),
        AddIndexConcurrently("staffrequest", models.Index(fields=["decided_by"], name="gamification_request_decider")),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS gamification_request_reason ON gamification_staffrequest"
            " USING gin (diana_trigrams(lower(reason)))",
            "DROP INDEX CONCURRENTLY IF EXISTS gamification_request_reason",
        ),
    ]
