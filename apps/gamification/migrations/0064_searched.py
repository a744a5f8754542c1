"""Indexes for what staff search unlocks and requests by."""

from django.db import migrations, models

from diana.indexes import build_index, build_index_on


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("gamification", "0063_corrections_validated"), ("audit", "0004_searched")]
    operations = [
        *build_index("unlock", models.Index(fields=["account", "id"], name="gamification_unlock_of_account")),
        *build_index("staffrequest", models.Index(fields=["asked_by"], name="gamification_request_asker")),
        *build_index("staffrequest", models.Index(fields=["decided_by"], name="gamification_request_decider")),
        *build_index_on(
            "gamification_request_reason", "gamification_staffrequest", "USING gin (diana_trigrams(lower(reason)))"
        ),
    ]
