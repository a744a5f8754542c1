"""The tables of the bot: updates, chats, start payloads, refusals."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("events", "0001_application_role")]

    operations = [
        migrations.CreateModel(
            name="Chat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("telegram_id", models.BigIntegerField(unique=True, verbose_name="id at Telegram")),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("private", "private"),
                            ("group", "group"),
                            ("supergroup", "supergroup"),
                            ("channel", "channel"),
                        ],
                        verbose_name="kind",
                    ),
                ),
                ("gone_at", models.DateTimeField(null=True, verbose_name="gone at")),
            ],
            options={
                "verbose_name": "chat",
                "verbose_name_plural": "chats",
                "db_table": "bot_chat",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["private", "group", "supergroup", "channel"])),
                        name="bot_chat_kind_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.TextField(
                        choices=[
                            ("method", "not POST"),
                            ("secret", "wrong secret"),
                            ("type", "not JSON by its content type"),
                            ("size", "too large"),
                            ("body", "not an update"),
                            ("unknown", "unknown kind of update, set aside"),
                            ("copy", "delivered again, set aside"),
                            ("conflict", "same id with another body, set aside"),
                        ],
                        verbose_name="reason",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("count", models.BigIntegerField(verbose_name="count")),
            ],
            options={
                "verbose_name": "refusal",
                "verbose_name_plural": "refusals",
                "db_table": "bot_refusal",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("reason", "day"), name="bot_refusal_once_a_day"),
                    models.CheckConstraint(condition=models.Q(("count__gt", 0)), name="bot_refusal_count_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StartPayload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(unique=True, verbose_name="person")),
                ("payload", models.CharField(max_length=64, verbose_name="payload")),
                ("received_at", models.DateTimeField(verbose_name="received at")),
            ],
            options={
                "verbose_name": "start payload",
                "verbose_name_plural": "start payloads",
                "db_table": "bot_start_payload",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("payload__regex", "^[A-Za-z0-9_-]{1,64}$")),
                        name="bot_start_payload_characters",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Update",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bot_id", models.BigIntegerField(verbose_name="bot")),
                ("update_id", models.BigIntegerField(verbose_name="update id at Telegram")),
                ("person_id", models.BigIntegerField(null=True, verbose_name="person")),
                ("kind", models.TextField(verbose_name="kind")),
                ("chat_id", models.BigIntegerField(null=True, verbose_name="chat id at Telegram")),
                ("body", models.BinaryField(verbose_name="body")),
                ("event_id", models.UUIDField(null=True, verbose_name="event id")),
                ("received_at", models.DateTimeField(verbose_name="received at")),
                ("handled_at", models.DateTimeField(null=True, verbose_name="handled at")),
            ],
            options={
                "verbose_name": "update",
                "verbose_name_plural": "updates",
                "db_table": "bot_update",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["event_id"], name="bot_update_event_id"),
                    models.Index(
                        condition=models.Q(("handled_at__isnull", False)),
                        fields=["handled_at"],
                        name="bot_update_handled",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("bot_id", "update_id"), name="bot_update_once")],
            },
        ),
    ]
