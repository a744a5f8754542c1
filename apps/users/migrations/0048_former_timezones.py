"""Adds the zones that counted before the one chosen last; filled, and its constraints validated, by the next migration."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from diana.privileges import allow_application

COLUMNS = ["timezone_chosen", "former_timezones"]


class Migration(migrations.Migration):
    dependencies = [("users", "0047_usernames_once")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="timezone_chosen",
            field=models.BooleanField(db_default=False, default=False, verbose_name="time zone was chosen"),
        ),
        migrations.AddField(
            model_name="person",
            name="former_timezones",
            field=models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                editable=False,
                verbose_name="time zones before",
            ),
        ),
        allow_application("users_person", insert=COLUMNS, update=COLUMNS),
        AddConstraintNotValid(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "erased"), _negated=True), ("former_timezones", []), _connector="OR"
                ),
                name="users_person_erased_from_nowhere",
            ),
        ),
        migrations.RunSQL(
            """
            ALTER TABLE users_person ADD CONSTRAINT users_person_former_timezones_shape
                CHECK (jsonb_typeof(former_timezones) = 'array' AND octet_length(former_timezones::text) <= 4000)
                NOT VALID
            """,
            "ALTER TABLE users_person DROP CONSTRAINT users_person_former_timezones_shape",
        ),
    ]
