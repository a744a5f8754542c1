"""Indexes for what staff search the audit record by, and the function that cuts texts into trigrams for that."""

from pathlib import Path

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

SQL = Path(__file__).with_name("sql") / "trigrams.sql"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_recorded_in_domain_time")]
    operations = [
        migrations.RunSQL(SQL.read_text(), "DROP FUNCTION diana_trigrams(text)"),
        AddIndexConcurrently("auditrecord", models.Index(fields=["object_id"], name="audit_record_object_id")),
        AddIndexConcurrently("auditrecord", models.Index(fields=["actor"], name="audit_record_actor")),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_record_reason ON audit_record"
            " USING gin (diana_trigrams(lower(reason)))",
            "DROP INDEX CONCURRENTLY IF EXISTS audit_record_reason",
        ),
    ]
