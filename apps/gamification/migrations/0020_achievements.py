"""Creates the tables of achievements; their walls follow in the next migration."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gamification", "0010_streak_bonus_plain"),
    ]

    operations = [
        migrations.CreateModel(
            name="Achievement",
            fields=[
                (
                    "key",
                    models.CharField(
                        help_text="Small letters, digits and _.",
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                        verbose_name="key",
                    ),
                ),
                ("title", models.CharField(max_length=60, verbose_name="title")),
                ("description", models.CharField(max_length=200, verbose_name="description")),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("progress", "progress"),
                            ("social", "social"),
                            ("narrative", "narrative"),
                            ("discovery", "discovery"),
                            ("mastery", "mastery"),
                            ("engagement", "engagement"),
                        ],
                        max_length=20,
                        verbose_name="category",
                    ),
                ),
                (
                    "secret",
                    models.BooleanField(
                        default=False, help_text="Not shown until it is unlocked.", verbose_name="secret"
                    ),
                ),
                (
                    "repeatable",
                    models.BooleanField(
                        default=False, help_text="Once in each period; ranks only.", verbose_name="repeatable"
                    ),
                ),
                ("active", models.BooleanField(db_default=False, default=False, verbose_name="active")),
            ],
            options={
                "verbose_name": "achievement",
                "verbose_name_plural": "achievements",
                "default_permissions": ("add", "change", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("key__regex", "^[a-z0-9_]+$")), name="gamification_achievement_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AchievementVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("active_from", models.DateTimeField(verbose_name="active from")),
                ("strategy", models.CharField(max_length=40, verbose_name="strategy")),
                ("config", models.JSONField(blank=True, default=dict, verbose_name="configuration")),
                ("tiers", models.JSONField(default=list, verbose_name="tiers")),
                ("bonuses", models.JSONField(blank=True, default=dict, verbose_name="bonus by tier, basis points")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created at"
                    ),
                ),
                ("created_by", models.TextField(verbose_name="created by")),
                (
                    "achievement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="gamification.achievement",
                        verbose_name="achievement",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of an achievement",
                "verbose_name_plural": "versions of achievements",
                "ordering": ["achievement", "-version"],
                "default_permissions": ("add", "view"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("achievement", "version"), name="gamification_achievementversion_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="gamification_achievementversion_from_one"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Unlock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("tier", models.TextField(verbose_name="tier")),
                ("period", models.TextField(db_default="", default="", verbose_name="period")),
                ("event_id", models.UUIDField(unique=True, verbose_name="event")),
                ("unlocked_at", models.DateTimeField(verbose_name="unlocked at")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="recorded at"
                    ),
                ),
                ("quiet", models.BooleanField(db_default=False, default=False, verbose_name="quiet")),
                ("granted_by", models.TextField(null=True, verbose_name="given by")),
                ("audit", models.BigIntegerField(null=True, verbose_name="audit record")),
                ("grant_key", models.TextField(null=True, unique=True)),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked at")),
                ("revoked_by", models.TextField(null=True, verbose_name="revoked by")),
                ("revocation_audit", models.BigIntegerField(null=True, verbose_name="audit record of the revocation")),
                ("revocation_key", models.TextField(null=True, unique=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="gamification.account",
                        verbose_name="account",
                    ),
                ),
                (
                    "achievement",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="gamification.achievement",
                        verbose_name="achievement",
                    ),
                ),
            ],
            options={
                "verbose_name": "unlock",
                "verbose_name_plural": "unlocks",
                "permissions": [
                    ("grant_achievement", "Can grant achievements"),
                    ("revoke_achievement", "Can revoke achievements"),
                ],
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("granted_by__isnull", True)),
                        fields=("account", "achievement", "tier", "period"),
                        name="gamification_unlock_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at__isnull", True)),
                        fields=("account", "achievement", "tier", "period"),
                        name="gamification_unlock_stands_once",
                    ),
                ],
            },
        ),
    ]
