"""Notes which groups were told that nothing counts there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0036_unreadable_updates")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="told_unpaid_at",
            field=models.DateTimeField(null=True, verbose_name="told that nothing counts there"),
        ),
    ]
