"""Makes the audit record and its walls: the application adds and reads, nobody changes."""

from pathlib import Path

import django.core.serializers.json
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql") / "audit_record.sql"
# Not the time: the database sets it, so that no record can be dated back.
WRITTEN = (
    "actor_id", "actor", "origin", "act", "object_type", "object_id", "before", "after", "reason", "correlation_id",
)  # fmt: skip


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0003_event_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="at")),
                ("actor_id", models.BigIntegerField(null=True, verbose_name="actor's id")),
                ("actor", models.TextField(verbose_name="actor")),
                (
                    "origin",
                    models.TextField(
                        choices=[("admin", "admin"), ("shell", "shell"), ("command", "command"), ("bot", "bot")],
                        verbose_name="origin",
                    ),
                ),
                ("act", models.TextField(verbose_name="act")),
                ("object_type", models.TextField(verbose_name="kind of object")),
                ("object_id", models.TextField(verbose_name="object")),
                (
                    "before",
                    models.JSONField(
                        encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name="before"
                    ),
                ),
                (
                    "after",
                    models.JSONField(
                        encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name="after"
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("correlation_id", models.UUIDField(null=True, verbose_name="correlation id")),
            ],
            options={
                "verbose_name": "audit record",
                "verbose_name_plural": "audit records",
                "db_table": "audit_record",
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["object_type", "object_id", "id"], name="audit_record_object")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("origin__in", ["admin", "shell", "command", "bot"])),
                        name="audit_record_origin_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "\\S")), name="audit_record_reason_given"
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.text.Length("reason"), 1000
                        ),
                        name="audit_record_reason_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("act__gt", ""), ("actor__gt", ""), ("object_id__gt", ""), ("object_type__gt", "")
                        ),
                        name="audit_record_complete",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL.read_text(), reverse_sql="DROP TRIGGER audit_record_append_only ON audit_record"),
        restrict_application("audit_record", insert=WRITTEN),
    ]
