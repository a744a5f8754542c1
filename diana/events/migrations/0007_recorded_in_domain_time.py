"""Events are recorded in domain time. Only the default changes: no row is touched."""

from django.db import migrations, models

from diana.clock.functions import DomainNow


class Migration(migrations.Migration):
    dependencies = [("events", "0006_log_by_person"), ("clock", "0001_domain_now")]
    operations = [
        migrations.AlterField(
            "storedevent", "recorded_at", models.DateTimeField(db_default=DomainNow(), verbose_name="recorded at")
        ),
    ]
