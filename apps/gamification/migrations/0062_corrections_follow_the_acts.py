"""Lets a reversal bring the balance to what the acts that stand deserve.

The new rule takes in all that the old one did, so no row is read while the table is shut; the next step does that.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("gamification", "0061_recorded_in_domain_time")]
    operations = [migrations.RunSQL((SQL / "corrections.sql").read_text(), (SQL / "corrections_back.sql").read_text())]
