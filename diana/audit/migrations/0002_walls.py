"""Makes the function with which tables see to it that what is changed past the services is recorded too."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql") / "walls.sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_audit_record")]
    operations = [migrations.RunSQL(SQL.read_text(), "DROP FUNCTION audit_past_services()")]
