"""Cuts a transaction that has published and is idle for five seconds: until it ends, nobody's later events are handled."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("sql")


class Migration(migrations.Migration):
    dependencies = [("events", "0012_searched_failures")]
    operations = [
        migrations.RunSQL((SQL / "fence_idle.sql").read_text(), (SQL / "fence_errcode.sql").read_text()),
    ]
