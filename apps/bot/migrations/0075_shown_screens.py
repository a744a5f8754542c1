"""Makes the table of messages whose screens answer acts."""

from django.db import migrations, models

from diana.privileges import restrict_application

COLUMNS = (
    "person_id",
    "chat_id",
    "message_id",
    "correlation_id",
    "position",
    "text",
    "keyboard",
    "shown_at",
    "said",
)
CHANGED = ("told", "closed_at", "editing_until", "replaced")


class Migration(migrations.Migration):
    dependencies = [("bot", "0070_notices_of_refunds_and_points")]

    operations = [
        migrations.CreateModel(
            name="ShownScreen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                ("chat_id", models.BigIntegerField(verbose_name="chat id at Telegram")),
                ("message_id", models.BigIntegerField(verbose_name="number of the message")),
                ("correlation_id", models.UUIDField(verbose_name="correlation id")),
                ("position", models.BigIntegerField(verbose_name="position in the log")),
                ("text", models.TextField(verbose_name="text")),
                ("keyboard", models.JSONField(null=True, verbose_name="keyboard")),
                ("shown_at", models.DateTimeField(verbose_name="shown at")),
                ("said", models.BigIntegerField(db_default=0, verbose_name="says of itself")),
                ("told", models.BigIntegerField(db_default=0, verbose_name="told up to")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                ("editing_until", models.DateTimeField(null=True, verbose_name="being edited until")),
                ("replaced", models.BooleanField(db_default=False, verbose_name="replaced")),
            ],
            options={
                "verbose_name": "shown screen",
                "verbose_name_plural": "shown screens",
                "db_table": "bot_shown_screen",
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(replaced=False),
                        fields=["chat_id", "message_id"],
                        name="bot_shown_screen_message",
                    ),
                    models.Index(fields=["person_id"], name="bot_shown_screen_person"),
                    models.Index(fields=["shown_at"], name="bot_shown_screen_shown"),
                ],
            },
        ),
        restrict_application(
            "bot_shown_screen",
            insert=COLUMNS + CHANGED,
            update=CHANGED,
            delete=True,
        ),
    ]
