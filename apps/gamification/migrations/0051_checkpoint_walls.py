"""Builds the walls of the proof: checkpoints continue one another, and neither they nor verifications ever change."""

from pathlib import Path

from django.db import migrations

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql")
CHECKPOINT_COLUMNS = (
    "number", "previous", "after_id", "last_id", "entries", "total", "accounts", "entries_root", "heads_root", "sealed_at",
    "resumes", "key_id", "signature", "hash", "entry_index",
)  # fmt: skip
VERIFICATION_COLUMNS = ("scope", "checkpoint", "checkpoint_hash", "accounts", "entries", "faults", "seconds")

DROP = """
DROP TRIGGER gamification_verification_append_only ON gamification_verification;
DROP TRIGGER gamification_checkpoint_append_only ON gamification_checkpoint;
DROP TRIGGER gamification_checkpoint_continues ON gamification_checkpoint;
DROP FUNCTION gamification_continue_checkpoints();
DROP FUNCTION gamification_checkpoint_hash(gamification_checkpoint);
ALTER TABLE gamification_checkpoint DROP CONSTRAINT gamification_checkpoint_lengths,
    DROP CONSTRAINT gamification_checkpoint_range, DROP CONSTRAINT gamification_checkpoint_key,
    DROP CONSTRAINT gamification_checkpoint_index;
"""


class Migration(migrations.Migration):
    dependencies = [("gamification", "0050_checkpoints"), ("events", "0003_event_log")]
    operations = [
        migrations.RunSQL((SQL / "checkpoints.sql").read_text(), DROP),
        restrict_application("gamification_checkpoint", insert=CHECKPOINT_COLUMNS),
        restrict_application("gamification_verification", insert=VERIFICATION_COLUMNS),
    ]
