"""Records of the audit carry domain time. Only the default changes: no row is touched."""

from django.db import migrations, models

from diana.clock.functions import DomainNow


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_walls"), ("clock", "0001_domain_now")]
    operations = [
        migrations.AlterField("auditrecord", "at", models.DateTimeField(db_default=DomainNow(), verbose_name="at")),
    ]
