"""Makes the table of updates that a poller passed without keeping them as such."""

from django.db import migrations, models

from diana.privileges import restrict_application

REASONS = [
    ("size", "too large"),
    ("body", "not an update"),
    ("database", "refused by the database"),
    ("error", "an error at each attempt"),
]


class Migration(migrations.Migration):
    dependencies = [("bot", "0030_notices")]

    operations = [
        migrations.CreateModel(
            name="Unreadable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bot_id", models.BigIntegerField(verbose_name="bot")),
                ("update_id", models.BigIntegerField(null=True, verbose_name="update id at Telegram")),
                ("reason", models.TextField(choices=REASONS, verbose_name="reason")),
                ("body", models.BinaryField(verbose_name="body")),
                ("received_at", models.DateTimeField(verbose_name="received at")),
            ],
            options={
                "verbose_name": "unreadable update",
                "verbose_name_plural": "unreadable updates",
                "db_table": "bot_unreadable",
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["received_at"], name="bot_unreadable_received")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("bot_id"), models.Func("body", function="sha256"), name="bot_unreadable_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", [reason for reason, _ in REASONS])),
                        name="bot_unreadable_reason_known",
                    ),
                ],
            },
        ),
        restrict_application(
            "bot_unreadable", insert=("bot_id", "update_id", "reason", "body", "received_at"), delete=True
        ),
    ]
