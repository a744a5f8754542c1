"""Makes the table of suspensions: each is ended once, and stays."""

import django.db.models.deletion
from django.db import migrations, models

from diana.privileges import restrict_application

SUSPENSION = ("person_id", "starts_at", "ends_at", "suspended_by", "former_status", "key", "ended_at", "ended_by")


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0001_people"),
        ("events", "0003_event_log"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "default_permissions": ("view",),
                "permissions": [("suspend_person", "Can suspend people")],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField(verbose_name="starts at")),
                ("ends_at", models.DateTimeField(null=True, verbose_name="ends at")),
                ("suspended_by", models.TextField(verbose_name="suspended by")),
                (
                    "former_status",
                    models.CharField(
                        choices=[
                            ("active", "active"),
                            ("suspended", "suspended"),
                            ("deactivated", "deactivated"),
                            ("deletion_requested", "deletion requested"),
                            ("erased", "erased"),
                        ],
                        max_length=20,
                        verbose_name="status before",
                    ),
                ),
                ("key", models.TextField(unique=True, verbose_name="key")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
                ("ended_by", models.TextField(null=True, verbose_name="ended by")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suspensions",
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "suspension",
                "verbose_name_plural": "suspensions",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)), fields=["ends_at"], name="users_suspension_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("person",),
                        name="users_suspension_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True), ("ends_at__gt", models.F("starts_at")), _connector="OR"
                        ),
                        name="users_suspension_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("suspended_by__gt", "")), name="users_suspension_by_somebody"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("ended_by__gt", ""), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="users_suspension_ended_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("former_status__in", ["active", "deactivated", "deletion_requested"])),
                        name="users_suspension_former_status",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER users_suspension_stays BEFORE DELETE OR TRUNCATE ON users_suspension
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            ALTER TABLE users_suspension ENABLE ALWAYS TRIGGER users_suspension_stays;
            """,
            "DROP TRIGGER users_suspension_stays ON users_suspension",
        ),
        restrict_application("users_suspension", insert=SUSPENSION, update=("ended_at", "ended_by")),
    ]
