"""Has sessions of a login that is switched off end for good, also in SQL."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql") / "ended_sessions.sql"
DROP = "DROP TRIGGER users_staff_ends_sessions ON users_staff; DROP FUNCTION end_sessions_of_login();"


class Migration(migrations.Migration):
    dependencies = [("users", "0070_guessed_timezones")]
    operations = [migrations.RunSQL(SQL.read_text(), DROP)]
