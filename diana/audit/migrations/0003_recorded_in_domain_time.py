"""Records of the audit carry domain time, and the walls look for them in it. No row is touched."""

from pathlib import Path

from django.db import migrations, models

from diana.clock.functions import DomainNow

SQL = Path(__file__).with_name("sql")
BEFORE = (SQL / "walls.sql").read_text().replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_walls"), ("clock", "0001_domain_now")]
    operations = [
        migrations.AlterField("auditrecord", "at", models.DateTimeField(db_default=DomainNow(), verbose_name="at")),
        migrations.RunSQL((SQL / "walls_in_domain_time.sql").read_text(), BEFORE),
    ]
