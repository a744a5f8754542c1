"""A table for events that wait because their source published too much; counts of errors that should have passed."""

import django.db.models.functions.datetime
from django.db import migrations, models

import diana.events.models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_lanes")]

    operations = [
        migrations.AddField(
            model_name="cursor",
            name="passing_errors",
            field=models.SmallIntegerField(db_default=0, default=0, verbose_name="passing errors in a row at it"),
        ),
        migrations.AddField(
            model_name="cursor",
            name="passing_position",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="event that met passing errors"),
        ),
        migrations.AddField(
            model_name="failure",
            name="passing_errors",
            field=models.SmallIntegerField(db_default=0, default=0, verbose_name="passing errors in a row"),
        ),
        migrations.CreateModel(
            name="DeferredEvent",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("source", models.TextField(verbose_name="source")),
                ("due_at", models.DateTimeField(verbose_name="not before")),
                (
                    "deferred_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="deferred at"
                    ),
                ),
                ("event_id", models.UUIDField(verbose_name="event id")),
                ("type", models.TextField(verbose_name="type")),
                ("version", models.SmallIntegerField(verbose_name="version")),
                ("lane", models.SmallIntegerField(verbose_name="lane")),
                ("key", models.TextField(verbose_name="key")),
                ("user_id", models.BigIntegerField(null=True, verbose_name="person")),
                ("occurred_at", models.DateTimeField(verbose_name="occurred at")),
                ("utc_offset_minutes", models.SmallIntegerField(verbose_name="UTC offset, minutes")),
                ("correlation_id", models.UUIDField(verbose_name="correlation id")),
                ("causation_id", models.UUIDField(null=True, verbose_name="causation id")),
                ("payload", diana.events.models.JsonTextField(null=True, verbose_name="payload")),
                ("sealed_payload", models.BinaryField(null=True, verbose_name="sealed payload")),
                ("key_id", models.TextField(null=True, verbose_name="key id")),
            ],
            options={
                "verbose_name": "deferred event",
                "verbose_name_plural": "deferred events",
                "db_table": "event_deferred",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["key", "number"], name="event_deferred_key"),
                    models.Index(fields=["event_id"], name="event_deferred_event_id"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("key_id__isnull", True), ("payload__isnull", False), ("sealed_payload__isnull", True)
                            ),
                            models.Q(
                                ("key_id__isnull", False), ("payload__isnull", True), ("sealed_payload__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="event_deferred_payload_open_or_sealed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lane__gte", 0)), name="event_deferred_lane_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("utc_offset_minutes__range", (-1080, 1080))),
                        name="event_deferred_offset_is_a_zone",
                    ),
                ],
            },
        ),
    ]
