"""Adds whether the zone was guessed; everybody of before has chosen theirs or has UTC."""

from django.db import migrations, models

from diana.privileges import allow_application

COLUMNS = ["timezone_guessed"]


class Migration(migrations.Migration):
    dependencies = [("users", "0058_audited_not_emptied")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="timezone_guessed",
            field=models.BooleanField(db_default=False, default=False, verbose_name="time zone was guessed"),
        ),
        allow_application("users_person", insert=COLUMNS, update=COLUMNS),
    ]
