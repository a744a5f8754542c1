"""Lets a version of an achievement say that unlocking it brings no points."""

from django.db import migrations, models

from diana.privileges import allow_application


class Migration(migrations.Migration):
    dependencies = [("gamification", "0081_kinds_of_roles")]
    operations = [
        migrations.AddField(
            model_name="achievementversion",
            name="rewarded",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Off for what can be bought: points are not for sale.",
                verbose_name="brings points",
            ),
        ),
        allow_application("gamification_achievementversion", insert=("rewarded",)),
    ]
