"""Keeps what handlers read of an update beside its body, which goes when it is handled, and a digest that stays."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bot", "0042_closed_chats_checked")]

    operations = [
        migrations.AddField(
            model_name="update",
            name="document",
            field=models.BinaryField(db_default=b"", default=b"", verbose_name="document"),
        ),
        migrations.AddField(
            model_name="update",
            name="body_digest",
            field=models.BinaryField(null=True, verbose_name="digest of the body"),
        ),
    ]
