"""Adds the tables of the proof: checkpoints and verifications."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gamification", "0041_audited"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
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
                "verbose_name": "checkpoint",
                "verbose_name_plural": "checkpoints",
                "ordering": ["-number"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="at")),
                (
                    "scope",
                    models.TextField(
                        choices=[("everything", "everything"), ("incremental", "what is new")],
                        verbose_name="what was checked",
                    ),
                ),
                ("checkpoint", models.BigIntegerField(null=True, verbose_name="checkpoint")),
                ("checkpoint_hash", models.BinaryField(null=True, verbose_name="hash of the checkpoint")),
                ("accounts", models.BigIntegerField(verbose_name="accounts")),
                ("entries", models.BigIntegerField(verbose_name="entries")),
                ("faults", models.BigIntegerField(verbose_name="faults")),
                ("seconds", models.FloatField(verbose_name="seconds")),
            ],
            options={
                "verbose_name": "verification",
                "verbose_name_plural": "verifications",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["everything", "incremental"])),
                        name="gamification_verification_scope_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accounts__gte", 0), ("entries__gte", 0), ("faults__gte", 0), ("seconds__gte", 0)
                        ),
                        name="gamification_verification_not_negative",
                    ),
                ],
            },
        ),
    ]
