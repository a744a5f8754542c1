"""Notes of an update that its handling was given up, so that a redriven one is handled once more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0047_searched")]

    operations = [
        migrations.AddField(
            model_name="update",
            name="failed_at",
            field=models.DateTimeField(null=True, verbose_name="given up at"),
        ),
    ]
