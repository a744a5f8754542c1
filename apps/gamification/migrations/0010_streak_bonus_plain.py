"""Gives the bonus of streaks the version that it should have had: no bonuses on top of it."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations
from django.utils.timezone import now

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
SAME = ("event_type", "base", "limits", "conditions", "amounts", "capped")


def correct(apps: Any, schema_editor: Any) -> None:
    """Add version 2: from the beginning where nothing was paid yet, else from now; staff's own versions are left alone."""
    alias = schema_editor.connection.alias
    versions = apps.get_model("gamification", "RuleVersion").objects.using(alias).filter(rule_id="streak_bonus")
    newest = versions.order_by("-version").first()
    if newest is None or newest.version > 1:
        return
    paid = apps.get_model("gamification", "Entry").objects.using(alias).exists()
    versions.create(
        rule_id="streak_bonus",
        version=2,
        active_from=now() if paid else BEGINNING,
        multiplied=False,
        created_by="seed",
        **{name: getattr(newest, name) for name in SAME},
    )


class Migration(migrations.Migration):
    dependencies = [("gamification", "0004_all_rules_active")]
    operations = [migrations.RunPython(correct, migrations.RunPython.noop)]
