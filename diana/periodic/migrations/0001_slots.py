"""Makes the table of claimed slots."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("events", "0001_application_role")]

    operations = [
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.CharField(max_length=100, verbose_name="job")),
                ("slot_at", models.DateTimeField(verbose_name="beginning of the period")),
                (
                    "claimed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="claimed at"
                    ),
                ),
            ],
            options={
                "verbose_name": "slot",
                "verbose_name_plural": "slots",
                "db_table": "periodic_slot",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("job", "slot_at"), name="periodic_slot_once"),
                    models.CheckConstraint(condition=models.Q(("job__gt", "")), name="periodic_slot_job_named"),
                ],
            },
        ),
    ]
