"""Gives grants by days their duration, so that the days after one that is taken back can move forward."""

from datetime import timedelta
from pathlib import Path

from django.db import migrations, models
from django.db.models import F, Q

from diana.privileges import allow_application

SQL = Path(__file__).with_name("sql") / "durations.sql"


class Migration(migrations.Migration):
    dependencies = [("users", "0030_vip_overrides"), ("clock", "0001_domain_now")]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="duration",
            field=models.DurationField(blank=True, editable=False, null=True, verbose_name="duration"),
        ),
        allow_application("users_grant", insert=["duration"]),
        migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=Q(duration__isnull=True)
                | Q(duration__gt=timedelta(), duration__lte=F("ends_at") - F("starts_at")),
                name="users_grant_duration_fits",
            ),
        ),
    ]
