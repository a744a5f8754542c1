"""Has the database read all entries once for the check that changed; others go on writing meanwhile."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("gamification", "0062_corrections_follow_the_acts")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE gamification_entry VALIDATE CONSTRAINT gamification_entry_kind", migrations.RunSQL.noop
        ),
    ]
