"""A table of visits for whoever looks on: unlogged, because it may be lost; the application adds and removes rows."""

from django.db import migrations, models

from diana.privileges import restrict_application

WRITTEN = (
    "subscriber", "lane", "first_position", "last_position", "events", "outcome", "attempt", "process", "task_id",
    "started_at", "milliseconds",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("events", "0007_recorded_in_domain_time")]
    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subscriber", models.TextField(verbose_name="subscriber")),
                ("lane", models.SmallIntegerField(verbose_name="lane")),
                ("first_position", models.BigIntegerField(verbose_name="first position in the log")),
                ("last_position", models.BigIntegerField(verbose_name="last position in the log")),
                ("events", models.IntegerField(verbose_name="events")),
                ("outcome", models.TextField(verbose_name="outcome")),
                ("attempt", models.SmallIntegerField(verbose_name="attempt")),
                ("process", models.TextField(verbose_name="process")),
                ("task_id", models.TextField(null=True, verbose_name="task id")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("milliseconds", models.FloatField(verbose_name="milliseconds")),
            ],
            options={
                "verbose_name": "visit",
                "verbose_name_plural": "visits",
                "db_table": "event_visit",
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_position__gte", models.F("first_position"))), name="event_visit_range"
                    )
                ],
            },
        ),
        migrations.RunSQL("ALTER TABLE event_visit SET UNLOGGED", migrations.RunSQL.noop),
        restrict_application("event_visit", insert=WRITTEN, delete=True),
    ]
