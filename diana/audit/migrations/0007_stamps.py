"""Notes with each record what the application cannot say of itself: role, transaction and the database's own time."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).with_name("sql") / "stamps.sql"
DROP = "DROP TRIGGER audit_record_stamped ON audit_record; DROP FUNCTION audit_stamp();"


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_rights")]
    operations = [
        migrations.AddField("auditrecord", "written_as", models.TextField(null=True, verbose_name="role")),
        migrations.AddField("auditrecord", "written_in", models.BigIntegerField(null=True, verbose_name="transaction")),
        migrations.AddField("auditrecord", "written_at", models.DateTimeField(null=True, verbose_name="written at")),
        migrations.RunSQL(SQL.read_text(), DROP),
    ]
