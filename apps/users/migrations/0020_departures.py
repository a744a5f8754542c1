"""Makes the tables of departures and tombstones, and has the database refuse what no status may become."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql") / "departures.sql"
DEPARTURE = ("person_id", "left_at", "erase_at", "key", "ended_at", "outcome")


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0011_joining"),
        ("events", "0003_event_log"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "default_permissions": ("view",),
                "permissions": [
                    ("suspend_person", "Can suspend people"),
                    ("export_person", "Can export all that is known of people"),
                    ("erase_person", "Can erase people"),
                ],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("left_at", models.DateTimeField(verbose_name="left at")),
                ("erase_at", models.DateTimeField(null=True, verbose_name="to be erased at")),
                ("key", models.TextField(unique=True, verbose_name="key")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                (
                    "outcome",
                    models.TextField(
                        choices=[
                            ("back", "came back"),
                            ("deletion", "asked for deletion"),
                            ("erased", "erased"),
                        ],
                        null=True,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departures",
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "departure",
                "verbose_name_plural": "departures",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True), ("erase_at__isnull", False)),
                        fields=["erase_at"],
                        name="users_departure_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("person",),
                        name="users_departure_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erase_at__isnull", True), ("erase_at__gte", models.F("left_at")), _connector="OR"
                        ),
                        name="users_departure_erased_after_it_began",
                    ),
                    models.CheckConstraint(condition=models.Q(("key__gt", "")), name="users_departure_key_given"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("outcome__isnull", True)),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("outcome__in", ["back", "deletion", "erased"]),
                                ("outcome__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="users_departure_ended_somehow",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tombstone",
            fields=[("digest", models.BinaryField(primary_key=True, serialize=False))],
            options={
                "verbose_name": "tombstone",
                "verbose_name_plural": "tombstones",
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.Exact(
                            models.Func(
                                models.F("digest"), function="octet_length", output_field=models.IntegerField()
                            ),
                            32,
                        ),
                        name="users_tombstone_digest_length",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            SQL.read_text(),
            """
            DROP TRIGGER users_person_status_guard ON users_person;
            DROP FUNCTION users_person_status_guard();
            DROP TRIGGER users_tombstone_stays ON users_tombstone;
            DROP TRIGGER users_departure_ends_once ON users_departure;
            DROP TRIGGER users_departure_stays ON users_departure;
            """,
        ),
        restrict_application("users_departure", insert=DEPARTURE, update=("ended_at", "outcome")),
        restrict_application("users_tombstone", insert=("digest",)),
    ]
