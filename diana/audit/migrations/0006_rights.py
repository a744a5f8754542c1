"""Makes the function with which logins and their rights see to it that what is changed past the services is recorded too."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql") / "rights.sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_addresses")]
    operations = [migrations.RunSQL(SQL.read_text(), "DROP FUNCTION audit_rights()")]
