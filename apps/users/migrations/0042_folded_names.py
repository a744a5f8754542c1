"""Adds what people are found by beside their names; filled, and its constraint validated, by the next migration."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from diana.privileges import allow_application


class Migration(migrations.Migration):
    dependencies = [("users", "0040_grants_by_days")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="folded_names",
            field=models.TextField(blank=True, db_default="", default="", editable=False, verbose_name="found by"),
        ),
        allow_application("users_person", insert=["folded_names"], update=["folded_names"]),
        AddConstraintNotValid(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "erased"), _negated=True), ("folded_names", ""), _connector="OR"
                ),
                name="users_person_erased_not_found",
            ),
        ),
    ]
