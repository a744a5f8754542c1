"""Pays nothing for payments, and nothing for being VIP: also where staff have versions of their own. What was paid stays."""

from importlib import import_module
from typing import Any

from django.db import migrations

terms = import_module("apps.gamification.migrations.0067_reactions_and_joins")

BOUGHT = ("vip_purchase", "subscription_renewal")
MEDAL = "vip_member"
SAME = ("strategy", "config", "tiers", "bonuses")


def end_rule(apps: Any, alias: str, key: str) -> None:
    """Add a version that pays nothing, otherwise as the newest."""
    versions = apps.get_model("gamification", "RuleVersion").objects.using(alias).filter(rule_id=key)
    newest = versions.order_by("-version").first()
    if newest is None or not (newest.base or newest.amounts):
        return
    values = {name: getattr(newest, name) for name in terms.SAME} | {"base": 0, "amounts": None}
    version, begins = newest.version + 1, terms.beginning(apps, alias)
    versions.create(rule_id=key, version=version, active_from=begins, created_by="seed", **values)


def end_reward(apps: Any, alias: str, key: str) -> None:
    """Add a version of an achievement that brings no points, otherwise as the newest."""
    versions = apps.get_model("gamification", "AchievementVersion").objects.using(alias).filter(achievement_id=key)
    newest = versions.order_by("-version").first()
    if newest is None or not newest.rewarded:
        return
    values = {name: getattr(newest, name) for name in SAME}
    version, begins = newest.version + 1, terms.beginning(apps, alias)
    versions.create(
        achievement_id=key, version=version, active_from=begins, rewarded=False, created_by="seed", **values
    )


def change(apps: Any, schema_editor: Any) -> None:
    """End what payments earn."""
    alias = schema_editor.connection.alias
    for key in BOUGHT:
        end_rule(apps, alias, key)
    end_reward(apps, alias, MEDAL)


class Migration(migrations.Migration):
    dependencies = [("gamification", "0082_rewarded")]
    operations = [migrations.RunPython(change, migrations.RunPython.noop)]
