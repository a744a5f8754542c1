"""Makes people, their VIP grants and the staff's logins; people and grants are never deleted."""

from pathlib import Path

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from diana.privileges import restrict_application

SQL = Path(__file__).with_name("sql") / "grants.sql"
PERSON = (
    "telegram_id", "first_name", "last_name", "username", "language", "timezone", "status", "registered_at",
    "last_act_at", "last_active_date",
)  # fmt: skip
GRANT = (
    "person_id", "source", "starts_at", "ends_at", "reason", "granted_by", "payment_reference", "revoked_at",
    "revoked_by",
)  # fmt: skip


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("events", "0001_application_role"),
    ]

    operations = [
        migrations.CreateModel(
            name="Staff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "staff member",
                "verbose_name_plural": "staff",
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("telegram_id", models.BigIntegerField(null=True, unique=True, verbose_name="Telegram id")),
                ("first_name", models.CharField(blank=True, default="", max_length=64, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, default="", max_length=64, verbose_name="last name")),
                ("username", models.CharField(blank=True, default="", max_length=32, verbose_name="username")),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("es", "Spanish"), ("ru", "Russian")],
                        default="en",
                        max_length=2,
                        verbose_name="language",
                    ),
                ),
                ("timezone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "active"),
                            ("suspended", "suspended"),
                            ("deactivated", "deactivated"),
                            ("deletion_requested", "deletion requested"),
                            ("erased", "erased"),
                        ],
                        default="active",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("registered_at", models.DateTimeField(null=True, verbose_name="registered at")),
                ("last_act_at", models.DateTimeField(null=True, verbose_name="last act")),
                ("last_active_date", models.DateField(null=True, verbose_name="last active day, local")),
                ("created_at", models.DateTimeField(verbose_name="first seen")),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("telegram_id__gt", 0)), name="users_person_telegram_id_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("language__in", ("en", "es", "ru"))), name="users_person_language_spoken"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("timezone__regex", "^[A-Za-z0-9_+/-]+$")), name="users_person_timezone_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["active", "suspended", "deactivated", "deletion_requested", "erased"])
                        ),
                        name="users_person_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("telegram_id__isnull", False), models.Q(("status", "erased"), _negated=True)),
                            models.Q(
                                ("first_name", ""),
                                ("last_name", ""),
                                ("status", "erased"),
                                ("telegram_id__isnull", True),
                                ("username", ""),
                            ),
                            _connector="OR",
                        ),
                        name="users_person_erased_or_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("last_act_at__isnull", True), ("last_active_date__isnull", True)),
                            models.Q(("last_act_at__isnull", False), ("last_active_date__isnull", False)),
                            _connector="OR",
                        ),
                        name="users_person_activity_complete",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("purchase", "purchase"),
                            ("subscription", "subscription"),
                            ("gift", "gift"),
                            ("staff", "staff"),
                            ("promo", "promotion"),
                            ("trial", "trial"),
                        ],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="starts at")),
                ("ends_at", models.DateTimeField(verbose_name="ends at")),
                ("reason", models.CharField(max_length=1000, verbose_name="reason")),
                ("granted_by", models.TextField(verbose_name="granted by")),
                (
                    "payment_reference",
                    models.TextField(blank=True, null=True, unique=True, verbose_name="payment reference"),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked at")),
                ("revoked_by", models.TextField(blank=True, null=True, verbose_name="revoked by")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "VIP grant",
                "verbose_name_plural": "VIP grants",
                "permissions": [("revoke_grant", "Can revoke VIP grants")],
                "default_permissions": ("add", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="users_grant_ends_after_start"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source__in", ["purchase", "subscription", "gift", "staff", "promo", "trial"])
                        ),
                        name="users_grant_source_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "\\S")), name="users_grant_reason_given"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("granted_by__gt", "")), name="users_grant_granted_by_somebody"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoked_at__isnull", True), ("revoked_by__isnull", True)),
                            models.Q(
                                ("revoked_at__isnull", False), ("revoked_by__gt", ""), ("revoked_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="users_grant_revoked_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            SQL.read_text(),
            reverse_sql="""
            DROP TRIGGER users_grant_stays ON users_grant;
            DROP TRIGGER users_grant_guard ON users_grant;
            DROP FUNCTION users_grant_guard();
            """,
        ),
        restrict_application("users_person", insert=(*PERSON, "created_at"), update=PERSON),
        restrict_application("users_grant", insert=GRANT, update=("revoked_at", "revoked_by")),
    ]
