"""Notes in private chats when what is no command was last answered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0075_shown_screens")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="guided_at",
            field=models.DateTimeField(null=True, verbose_name="last told what there is to do"),
        ),
    ]
