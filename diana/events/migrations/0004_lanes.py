"""Lets a new log begin with the lanes of the settings, and calls a sequence that is behind what it is: a state to be mended."""

from pathlib import Path

from django.conf import settings
from django.db import migrations

SQL = Path(__file__).with_name("sql") / "fence_errcode.sql"


def begin_with_lanes_of_settings(apps, schema_editor):
    """Set the number of lanes while nothing was published and no cursor made; later `change_lanes` does it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_parameter SET value = %s WHERE name = 'lanes'"
            " AND NOT EXISTS (SELECT FROM event_log) AND NOT EXISTS (SELECT FROM event_cursor)",
            [str(settings.EVENTS_LANES)],
        )


class Migration(migrations.Migration):
    dependencies = [("events", "0003_event_log")]
    operations = [
        migrations.RunPython(begin_with_lanes_of_settings, migrations.RunPython.noop),
        migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop),
    ]
