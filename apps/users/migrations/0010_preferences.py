"""Lets people keep preferences: one document of theirs, of bounded size."""

from django.db import migrations, models

from diana.privileges import allow_application


class Migration(migrations.Migration):
    dependencies = [("users", "0003_audited")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="preferences",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                verbose_name="preferences",
            ),
        ),
        migrations.RunSQL(
            """
            ALTER TABLE users_person ADD CONSTRAINT users_person_preferences_shape
                CHECK (jsonb_typeof(preferences) = 'object' AND octet_length(preferences::text) <= 2000)
            """,
            "ALTER TABLE users_person DROP CONSTRAINT users_person_preferences_shape",
        ),
        allow_application("users_person", insert=["preferences"], update=["preferences"]),
    ]
