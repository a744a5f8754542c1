"""Creates the tables of the boards; triggers and what they are filled with follow in the next migration."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gamification", "0022_first_achievements"),
    ]

    operations = [
        migrations.CreateModel(
            name="BoardChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.BigIntegerField()),
                ("look", models.BooleanField(db_default=False)),
            ],
            options={
                "verbose_name": "change of boards",
                "verbose_name_plural": "changes of boards",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="BoardPerson",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="gamification.account",
                        verbose_name="account",
                    ),
                ),
                ("shown", models.BooleanField(verbose_name="shown")),
                ("alias", models.BooleanField(verbose_name="by an alias")),
                ("vip_until", models.DateTimeField(null=True, verbose_name="VIP until")),
                ("archetype", models.TextField(verbose_name="archetype")),
            ],
            options={
                "verbose_name": "person on boards",
                "verbose_name_plural": "people on boards",
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("vip_until", None), _negated=True),
                        fields=["vip_until"],
                        name="gamification_boardperson_vip",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BoardRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "board", "period", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "board",
                    models.SmallIntegerField(
                        choices=[
                            (1, "total points"),
                            (2, "points of the week"),
                            (3, "points of the month"),
                            (4, "points of the day"),
                            (5, "current streak"),
                            (6, "chapters read"),
                            (7, "correct answers"),
                            (8, "achievements"),
                        ],
                        verbose_name="board",
                    ),
                ),
                ("period", models.DateField(verbose_name="period, UTC")),
                ("score", models.BigIntegerField(verbose_name="score")),
                ("reached_at", models.DateTimeField(verbose_name="reached at")),
                ("shown", models.BooleanField(verbose_name="shown")),
                ("vip_until", models.DateTimeField(null=True, verbose_name="VIP until")),
                ("archetype", models.TextField(verbose_name="archetype")),
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
                "verbose_name": "row of a board",
                "verbose_name_plural": "rows of boards",
                "default_permissions": (),
            },
        ),
        # Code of the release before still reads the table: a later release drops it.
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="DayScore")]),
        migrations.AddIndex(
            model_name="boardrow",
            index=models.Index(
                condition=models.Q(("score__gt", 0), ("shown", True)),
                fields=["board", "period", "-score", "reached_at", "account", "archetype"],
                name="gamification_boardrow_order",
            ),
        ),
        migrations.AddIndex(
            model_name="boardrow",
            index=models.Index(
                condition=models.Q(("score__gt", 0), ("shown", True), ("vip_until__isnull", False)),
                fields=["board", "period", "-score", "reached_at", "account", "vip_until"],
                name="gamification_boardrow_vips",
            ),
        ),
        migrations.AddConstraint(
            model_name="boardrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gte", 0)), name="gamification_boardrow_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="boardrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("board__range", (1, 8))), name="gamification_boardrow_board_known"
            ),
        ),
    ]
