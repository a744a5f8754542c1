"""Adds the checkpoints of the audit record with their walls, and how far verifications have come in it."""

from pathlib import Path

from django.db import migrations, models

from diana.privileges import allow_application, restrict_application

SQL = Path(__file__).with_name("sql") / "audit_checkpoints.sql"
COLUMNS = (
    "number", "previous", "after_id", "last_id", "entries", "total", "accounts", "entries_root", "heads_root", "sealed_at",
    "resumes", "key_id", "signature", "hash", "entry_index",
)  # fmt: skip
DROP = """
DROP TRIGGER gamification_auditcheckpoint_append_only ON gamification_auditcheckpoint;
DROP TRIGGER gamification_auditcheckpoint_continues ON gamification_auditcheckpoint;
DROP FUNCTION gamification_continue_audit_checkpoints();
DROP FUNCTION gamification_auditcheckpoint_hash(gamification_auditcheckpoint);
"""


class Migration(migrations.Migration):
    dependencies = [("gamification", "0070_given_by_staff"), ("audit", "0008_own_transaction")]
    operations = [
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("previous", models.BinaryField(verbose_name="hash before")),
                ("after_id", models.BigIntegerField(verbose_name="after the entry")),
                ("last_id", models.BigIntegerField(verbose_name="up to the entry")),
                ("entries", models.BigIntegerField(verbose_name="entries")),
                ("total", models.BigIntegerField(verbose_name="entries in all")),
                ("accounts", models.BigIntegerField(verbose_name="accounts")),
                ("entries_root", models.BinaryField(verbose_name="root of the entries")),
                ("heads_root", models.BinaryField(verbose_name="root of the accounts")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed at")),
                ("resumes", models.BigIntegerField(null=True, verbose_name="goes on after the checkpoint")),
                ("key_id", models.TextField(verbose_name="key")),
                ("signature", models.BinaryField(verbose_name="signature")),
                ("hash", models.BinaryField(verbose_name="hash")),
                ("entry_index", models.BinaryField(verbose_name="index of the entries")),
            ],
            options={
                "verbose_name": "checkpoint of the audit record",
                "verbose_name_plural": "checkpoints of the audit record",
                "ordering": ["-number"],
                "default_permissions": ("view",),
            },
        ),
        migrations.RunSQL(SQL.read_text(), DROP),
        restrict_application("gamification_auditcheckpoint", insert=COLUMNS),
        migrations.AddField(
            "verification",
            "audit_checkpoint",
            models.BigIntegerField(null=True, verbose_name="checkpoint of the audit record"),
        ),
        migrations.AddField(
            "verification",
            "audit_checkpoint_hash",
            models.BinaryField(null=True, verbose_name="hash of that checkpoint"),
        ),
        allow_application("gamification_verification", insert=("audit_checkpoint", "audit_checkpoint_hash")),
    ]
