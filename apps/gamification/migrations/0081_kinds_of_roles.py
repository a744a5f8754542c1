"""A role of the database that is kept to the kinds of entries of staff pays members only what is owed already."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("gamification", "0080_shortest_time_of_the_question"), ("events", "0015_role_limits")]
    operations = [
        migrations.RunSQL(
            (SQL / "staff_entries.sql").read_text(),
            "DROP TRIGGER gamification_entry_role_limit ON gamification_entry;"
            " DROP FUNCTION gamification_keep_role_to_its_kinds();",
        ),
    ]
