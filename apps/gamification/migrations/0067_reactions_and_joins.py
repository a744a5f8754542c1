"""Pays twenty reactions a day, in all groups together, and a join once for each group: by a rule of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections, migrations
from django.utils.translation import gettext_noop as _

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
SAME = ("event_type", "base", "limits", "conditions", "amounts", "capped", "multiplied")
# Workers of the release before may not be able to read what new terms ask for: by then they are gone.
LATER = timedelta(hours=1)

PARTICIPATION, JOINED = "community_participation", "group_joined"
REACTIONS = {
    "conditions": [{"field": "kind", "equals": "reaction"}],
    "limits": [{"per": "hour", "count": 50}, {"per": "day", "count": 20}],
}
JOINS = {
    "conditions": [{"field": "kind", "equals": "join"}],
    "limits": [{"per": "hour", "count": 50}, {"per": "ever", "key": ["chat"]}],
}


def beginning(apps: Any, alias: str) -> datetime:
    """Return from when new terms hold: from the beginning where nothing was paid yet."""
    if not apps.get_model("gamification", "Entry").objects.using(alias).exists():
        return BEGINNING
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT diana_now()")
        now: datetime = cursor.fetchone()[0]
    return now + LATER


def add_version(apps: Any, alias: str, key: str, change: dict[str, Any]) -> Any:
    """Add version 2 of a rule, otherwise as version 1; None where it has these terms from the start, and where staff have
    a version of their own: that holds.
    """
    versions = apps.get_model("gamification", "RuleVersion").objects.using(alias).filter(rule_id=key)
    newest = versions.order_by("-version").first()
    if newest is None or newest.version > 1 or newest.conditions:
        return None
    values = {name: getattr(newest, name) for name in SAME} | change
    return versions.create(rule_id=key, version=2, active_from=beginning(apps, alias), created_by="seed", **values)


def separate(apps: Any, schema_editor: Any) -> None:
    """Let the rule that paid for both pay for reactions, and add one for joins, active if that one is."""
    alias = schema_editor.connection.alias
    reactions = add_version(apps, alias, PARTICIPATION, REACTIONS)
    if reactions is None:
        return
    rule, version = (apps.get_model("gamification", m).objects.using(alias) for m in ("Rule", "RuleVersion"))
    if rule.filter(key=JOINED).exists():
        return
    rule.create(key=JOINED, title=_("Joining a group"), active=rule.get(key=PARTICIPATION).active)
    values = {name: getattr(reactions, name) for name in (*SAME, "active_from")} | JOINS
    version.create(rule_id=JOINED, version=1, created_by="seed", **values)


class Migration(migrations.Migration):
    dependencies = [("gamification", "0064_searched"), ("clock", "0001_domain_now")]
    operations = [migrations.RunPython(separate, migrations.RunPython.noop)]
