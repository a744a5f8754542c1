"""Has only a record of the same transaction cover what is changed past the services."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql")
BEFORE = (SQL / "walls_in_domain_time.sql").read_text() + (SQL / "rights.sql").read_text().replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_stamps"), ("users", "0054_rights_audited")]
    operations = [migrations.RunSQL((SQL / "own_transaction.sql").read_text(), BEFORE)]
