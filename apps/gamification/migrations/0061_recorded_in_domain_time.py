"""The ledger and what belongs to it carry domain time. Only defaults change: no row is touched."""

from django.db import migrations, models

from diana.clock.functions import DomainNow

FIELDS = (
    ("account", "lifetime_at", "lifetime points since"),
    ("account", "opened_at", "opened at"),
    ("achievementversion", "created_at", "created at"),
    ("entry", "recorded_at", "recorded at"),
    ("flag", "raised_at", "raised at"),
    ("multiplierversion", "created_at", "created at"),
    ("ruleversion", "created_at", "created at"),
    ("unlock", "recorded_at", "recorded at"),
    ("verification", "at", "at"),
)


class Migration(migrations.Migration):
    dependencies = [("gamification", "0060_owners_functions"), ("clock", "0001_domain_now")]
    operations = [
        migrations.AlterField(model, name, models.DateTimeField(db_default=DomainNow(), verbose_name=text))
        for model, name, text in FIELDS
    ]
