"""Notes in which chats the bot may not write, and when that is tried again."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0038_receipts")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="closed_at",
            field=models.DateTimeField(null=True, verbose_name="the bot may not write there since"),
        ),
        migrations.AddField(
            model_name="chat",
            name="closed_until",
            field=models.DateTimeField(null=True, verbose_name="tried again at"),
        ),
        AddConstraintNotValid(
            model_name="chat",
            constraint=models.CheckConstraint(
                condition=models.Q(("closed_at__isnull", True), ("closed_until__isnull", True))
                | models.Q(
                    ("closed_at__isnull", False),
                    ("closed_until__isnull", False),
                    ("closed_until__gte", models.F("closed_at")),
                ),
                name="bot_chat_closed_until_after",
            ),
        ),
    ]
