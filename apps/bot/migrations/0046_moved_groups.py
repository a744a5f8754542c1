"""Notes the id that a supergroup had as a group, and when Telegram last told how the bot stands in a chat."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0045_documents_of_updates")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="moved_from",
            field=models.BigIntegerField(null=True, unique=True, verbose_name="earlier id at Telegram"),
        ),
        migrations.AddField(
            model_name="chat",
            name="standing_at",
            field=models.DateTimeField(null=True, verbose_name="membership told at"),
        ),
    ]
