"""Pays a right answer that took as long as its question takes to read, in place of three seconds; where staff changed it, theirs holds."""

from importlib import import_module
from typing import Any

from django.db import migrations

terms = import_module("apps.gamification.migrations.0067_reactions_and_joins")

TRIVIA = "trivia_completed"
CORRECT = {"field": "correct", "equals": True}
FIXED = [CORRECT, {"field": "milliseconds", "minimum": 3000}]
BY_QUESTION = [CORRECT, {"field": "milliseconds - shortest_milliseconds", "minimum": 0}]


def limit_by_question(apps: Any, alias: str, key: str) -> None:
    """Add version 2 of a rule where version 1 is in force as it was."""
    versions = apps.get_model("gamification", "RuleVersion").objects.using(alias).filter(rule_id=key)
    newest = versions.order_by("-version").first()
    if newest is None or newest.version > 1 or newest.conditions != FIXED:
        return
    values = {name: getattr(newest, name) for name in terms.SAME} | {"conditions": BY_QUESTION}
    versions.create(rule_id=key, version=2, active_from=terms.beginning(apps, alias), created_by="seed", **values)


def change(apps: Any, schema_editor: Any) -> None:
    """Give the rule of trivia its new terms."""
    limit_by_question(apps, schema_editor.connection.alias, TRIVIA)


class Migration(migrations.Migration):
    dependencies = [("gamification", "0076_reasons_stay")]
    operations = [migrations.RunPython(change, migrations.RunPython.noop)]
