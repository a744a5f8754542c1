"""Notes the subscriptions that the payments of before tell of."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql" / "known_subscriptions.sql"


class Migration(migrations.Migration):
    dependencies = [("payments", "0040_subscriptions")]

    operations = [migrations.RunSQL(SQL.read_text(), reverse_sql=migrations.RunSQL.noop)]
