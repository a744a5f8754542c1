"""Creates the tables of points; their walls follow in the next migration."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import diana.events.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("users", "0001_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="users.person",
                        verbose_name="person",
                    ),
                ),
                ("balance", models.BigIntegerField(db_default=0, verbose_name="balance")),
                ("lifetime", models.BigIntegerField(db_default=0, verbose_name="lifetime points")),
                ("sequence", models.BigIntegerField(db_default=0, verbose_name="entries")),
                ("hash", models.BinaryField(verbose_name="hash of the last entry")),
                (
                    "lifetime_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="lifetime points since"
                    ),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="opened at"
                    ),
                ),
            ],
            options={
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField(verbose_name="number in the account")),
                ("amount", models.BigIntegerField(verbose_name="change of the balance")),
                ("balance_after", models.BigIntegerField(verbose_name="balance after")),
                ("lifetime_after", models.BigIntegerField(verbose_name="lifetime points after")),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("award", "award"),
                            ("suppressed", "suppressed"),
                            ("staff_award", "award by staff"),
                            ("penalty", "penalty"),
                            ("reversal", "reversal"),
                        ],
                        verbose_name="kind",
                    ),
                ),
                ("rule", models.TextField(verbose_name="rule")),
                ("rule_version", models.IntegerField(verbose_name="version of the rule")),
                ("base", models.BigIntegerField(verbose_name="base")),
                ("multipliers", models.TextField(verbose_name="multipliers, basis points")),
                ("note", models.TextField(verbose_name="what fell away")),
                ("event_id", models.UUIDField(null=True, verbose_name="event")),
                ("idempotency_key", models.TextField(unique=True, verbose_name="idempotency key")),
                ("reverses", models.BigIntegerField(null=True, verbose_name="reverses the entry")),
                ("actor", models.TextField(null=True, verbose_name="actor")),
                ("reason_hash", models.BinaryField(null=True, verbose_name="hash of the reason")),
                ("occurred_at", models.DateTimeField(verbose_name="occurred at")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="recorded at"
                    ),
                ),
                ("previous_hash", models.BinaryField(verbose_name="hash before")),
                ("hash", models.BinaryField(verbose_name="hash")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="entries",
                        to="gamification.account",
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "entry",
                "verbose_name_plural": "ledger",
                "permissions": [
                    ("award_points", "Can award and take points"),
                    ("reverse_entry", "Can reverse entries"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="MultiplierVersion",
            fields=[
                ("version", models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name="version")),
                ("active_from", models.DateTimeField(verbose_name="active from")),
                ("config", models.JSONField(verbose_name="bonuses")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created at"
                    ),
                ),
                ("created_by", models.TextField(verbose_name="created by")),
            ],
            options={
                "verbose_name": "version of the bonuses",
                "verbose_name_plural": "versions of the bonuses",
                "ordering": ["-version"],
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("key", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="key")),
                ("title", models.CharField(max_length=100, verbose_name="title")),
                ("active", models.BooleanField(db_default=True, default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "rule",
                "verbose_name_plural": "rules",
                "default_permissions": ("change", "view"),
            },
        ),
        migrations.CreateModel(
            name="Progress",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="progress",
                        serialize=False,
                        to="gamification.account",
                    ),
                ),
                ("document", diana.events.models.JsonTextField(db_default="{}")),
            ],
            options={
                "verbose_name": "progress",
                "verbose_name_plural": "progress",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="DayScore",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "utc_date", "account_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("utc_date", models.DateField(verbose_name="date, UTC")),
                ("points", models.BigIntegerField(verbose_name="points")),
                ("reached_at", models.DateTimeField(verbose_name="reached at")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="gamification.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "points of a day",
                "verbose_name_plural": "points of days",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Reason",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="reason",
                        serialize=False,
                        to="gamification.entry",
                    ),
                ),
                ("salt", models.BinaryField()),
                ("text", models.TextField(verbose_name="reason")),
            ],
            options={
                "verbose_name": "reason",
                "verbose_name_plural": "reasons",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="RulebookRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.UUIDField()),
            ],
            options={
                "db_table": "gamification_rulebook",
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="gamification_rulebook_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("active_from", models.DateTimeField(verbose_name="active from")),
                ("event_type", models.CharField(max_length=100, verbose_name="event type")),
                ("base", models.PositiveIntegerField(default=0, verbose_name="base points")),
                ("limits", models.JSONField(blank=True, default=list, verbose_name="limits")),
                ("conditions", models.JSONField(blank=True, default=list, verbose_name="conditions")),
                ("amounts", models.JSONField(blank=True, null=True, verbose_name="base by field")),
                ("capped", models.BooleanField(default=True, verbose_name="shares the daily cap")),
                ("multiplied", models.BooleanField(default=True, verbose_name="bonuses apply")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="created at"
                    ),
                ),
                ("created_by", models.TextField(verbose_name="created by")),
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="gamification.rule",
                        verbose_name="rule",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a rule",
                "verbose_name_plural": "versions of rules",
                "ordering": ["rule", "-version"],
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("account", "sequence"), name="gamification_entry_sequence_once"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", False)),
                fields=("reverses",),
                name="gamification_entry_reversed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.UniqueConstraint(fields=("rule", "version"), name="gamification_ruleversion_once"),
        ),
        migrations.AddConstraint(
            model_name="ruleversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="gamification_ruleversion_from_one"
            ),
        ),
    ]
