"""Keeps of groups what staff decided about them and what they need for it, and of updates when some are deleted."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import apps.bot.models


class Migration(migrations.Migration):
    dependencies = [("bot", "0056_waiting_messages")]

    operations = [
        migrations.CreateModel(
            name="Addition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chat_id", models.BigIntegerField(unique=True, verbose_name="chat")),
                ("person_id", models.BigIntegerField(null=True, verbose_name="person")),
                ("telegram_id", models.BigIntegerField(null=True, verbose_name="id at Telegram")),
                ("added_at", models.DateTimeField(verbose_name="added at")),
            ],
            options={
                "verbose_name": "addition to a group",
                "verbose_name_plural": "additions to groups",
                "db_table": "bot_addition",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["person_id"], name="bot_addition_person"),
                    models.Index(fields=["telegram_id"], name="bot_addition_telegram_id"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("person_id__isnull", True), ("telegram_id__isnull", False)),
                            models.Q(("person_id__isnull", False), ("telegram_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="bot_addition_by_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Group",
            fields=[],
            options={
                "verbose_name": "group",
                "verbose_name_plural": "groups",
                "permissions": [("decide_group", "Can approve and refuse groups, and have the bot leave them")],
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("bot.chat",),
        ),
        migrations.AddField(
            model_name="update",
            name="delete_at",
            field=models.DateTimeField(null=True, verbose_name="kept until"),
        ),
        migrations.AddField(
            model_name="chat",
            name="state",
            field=models.TextField(
                choices=[
                    ("pending", "waits for a decision"),
                    ("approved", "approved"),
                    ("refused", "refused"),
                    ("left", "left by the bot"),
                ],
                db_default="pending",
                default=apps.bot.models.initial_state,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="chat", name="decided_at", field=models.DateTimeField(null=True, verbose_name="decided at")
        ),
        migrations.AddField(
            model_name="chat",
            name="title",
            field=models.TextField(db_default="", default="", verbose_name="title"),
        ),
        migrations.AddField(
            model_name="chat",
            name="language",
            field=models.TextField(db_default="", default="", verbose_name="language"),
        ),
        migrations.AddField(
            model_name="chat", name="members", field=models.BigIntegerField(null=True, verbose_name="members")
        ),
        migrations.AddField(
            model_name="chat",
            name="members_at",
            field=models.DateTimeField(null=True, verbose_name="members counted at"),
        ),
        migrations.AddField(
            model_name="chat", name="seen_at", field=models.DateTimeField(null=True, verbose_name="last seen")
        ),
        AddConstraintNotValid(
            model_name="chat",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "approved", "refused", "left"])),
                name="bot_chat_state_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="chat",
            constraint=models.CheckConstraint(condition=models.Q(("members__gte", 0)), name="bot_chat_members_counted"),
        ),
    ]
