"""Adds to logins since when they have a second factor; those that are there have seven days to get one."""

from datetime import timedelta

from django.db import migrations, models

from diana import clock

TIME_TO_ENROL = timedelta(days=7)


def give_time(apps, schema_editor):
    """Let the logins that are there in with their password alone for a while."""
    logins = apps.get_model("users", "Staff").objects.using(schema_editor.connection.alias)
    logins.update(second_factor_due_at=clock.real_now() + TIME_TO_ENROL)


class Migration(migrations.Migration):
    dependencies = [("users", "0054_rights_audited")]
    operations = [
        migrations.AddField(
            model_name="staff",
            name="second_factor_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="second factor since"),
        ),
        migrations.AddField(
            model_name="staff", name="second_factor_due_at", field=models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            model_name="staff",
            name="session_salt",
            field=models.CharField(db_default="", default="", editable=False, max_length=32),
        ),
        migrations.RunPython(give_time, migrations.RunPython.noop),
    ]
