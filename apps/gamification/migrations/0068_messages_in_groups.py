"""Pays messages in groups only, and lets the achievement of writing count what is paid; where staff changed one, theirs holds."""

from importlib import import_module
from typing import Any

from django.db import migrations

terms = import_module("apps.gamification.migrations.0067_reactions_and_joins")

IN_GROUPS = [{"field": "place", "equals": "group"}]
VOICE = "voice"
BEFORE, DESCRIPTION = "Write messages.", "Write messages in groups."
SAME = ("strategy", "tiers", "bonuses")


def change(apps: Any, schema_editor: Any) -> None:
    """Add version 2 of both."""
    alias = schema_editor.connection.alias
    terms.add_version(apps, alias, "message_sent", {"conditions": IN_GROUPS})
    versions = apps.get_model("gamification", "AchievementVersion").objects.using(alias).filter(achievement_id=VOICE)
    newest = versions.order_by("-version").first()
    terms_now = {"on": [{"type": "game.message_sent", "conditions": IN_GROUPS}]}
    if newest is None or newest.version > 1 or newest.config == terms_now:
        return
    versions.create(
        achievement_id=VOICE,
        version=2,
        active_from=terms.beginning(apps, alias),
        config=terms_now,
        created_by="seed",
        **{name: getattr(newest, name) for name in SAME},
    )
    achievements = apps.get_model("gamification", "Achievement").objects.using(alias)
    achievements.filter(key=VOICE, description=BEFORE).update(description=DESCRIPTION)


class Migration(migrations.Migration):
    dependencies = [("gamification", "0067_reactions_and_joins")]
    operations = [migrations.RunPython(change, migrations.RunPython.noop)]
