"""Indexes for what staff search the audit record by, and the function that cuts texts into trigrams for that."""

from pathlib import Path

from django.db import migrations, models

from diana.indexes import build_index, build_index_on

SQL = Path(__file__).with_name("sql") / "trigrams.sql"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_recorded_in_domain_time")]
    operations = [
        migrations.RunSQL(SQL.read_text(), "DROP FUNCTION diana_trigrams(text)"),
        *build_index("auditrecord", models.Index(fields=["object_id"], name="audit_record_object_id")),
        *build_index("auditrecord", models.Index(fields=["actor"], name="audit_record_actor")),
        *build_index_on("audit_record_reason", "audit_record", "USING gin (diana_trigrams(lower(reason)))"),
    ]
