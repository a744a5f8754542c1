"""Makes the table of messages that were seen in groups, by whom: reactions do not tell."""

from django.db import migrations, models

from diana.privileges import restrict_application

COLUMNS = ("chat", "message", "person_id", "sent_at")


class Migration(migrations.Migration):
    dependencies = [("bot", "0051_conflicts_checked")]

    operations = [
        migrations.CreateModel(
            name="SeenMessage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "chat", "message", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("chat", models.BigIntegerField(verbose_name="chat")),
                ("message", models.BigIntegerField(verbose_name="number of the message")),
                ("person_id", models.BigIntegerField(verbose_name="person")),
                ("sent_at", models.DateTimeField(verbose_name="sent at")),
            ],
            options={
                "verbose_name": "seen message",
                "verbose_name_plural": "seen messages",
                "db_table": "bot_seen_message",
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["sent_at"], name="bot_seen_message_sent"),
                    models.Index(fields=["person_id"], name="bot_seen_message_person"),
                ],
            },
        ),
        restrict_application("bot_seen_message", insert=COLUMNS, delete=True),
    ]
