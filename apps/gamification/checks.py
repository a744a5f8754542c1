"""Checks of what stands in the tables of rules against what the code knows: a rule that cannot fire is an error."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.utils.translation import gettext as _

from apps.gamification.decide.rules import Rule
from diana.events import catalogue


def register_checks() -> None:
    """Add the checks; those of the database run in `manage.py check --database default` and in migrate."""
    from apps.gamification.achievement_checks import check_active_achievements

    register(check_active_rules, Tags.database)
    register(check_active_achievements, Tags.database)


def check_active_rules(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Report active rules that are not valid or name event types or fields that do not exist."""
    from apps.gamification.loading import rule_of
    from apps.gamification.models import RuleVersion

    found: list[CheckMessage] = []
    for alias in databases or []:
        if RuleVersion._meta.db_table not in connections[alias].introspection.table_names():
            continue
        for version in RuleVersion.objects.using(alias).filter(rule__active=True):
            try:
                problems = rule_problems(rule_of(version), stored=True)
            except msgspec.ValidationError as error:
                problems = [str(error)]
            hint = _("Add a version without the mistake, deactivate the rule, or deploy the code that knows the type.")
            found += [Error(f"{version}: {p}", hint=hint, id="gamification.E001") for p in problems]
    return found


def rule_problems(rule: Rule, *, stored: bool = False) -> list[str]:
    """Return in words why the rule could never pay; empty if all is well.

    A `stored` version may pay nothing on purpose: what was paid by versions before it is not to be paid any more.
    """
    from apps.gamification.decide.folding import FOLDS
    from apps.gamification.handlers import AWARDED_TYPES

    if not catalogue.is_known(rule.event_type):
        return [_("No class has the event type %(type)s.") % {"type": rule.event_type}]
    problems = []
    if rule.event_type not in AWARDED_TYPES:
        problems.append(_("The award subscriber does not listen to %(type)s.") % {"type": rule.event_type})
    fields = {f.name for f in msgspec.structs.fields(catalogue.event_class(rule.event_type))} - {"user_id"}
    for name in sorted(rule.fields - fields):
        problems.append(_("%(type)s has no field %(field)s.") % {"type": rule.event_type, "field": name})
    if not stored and not rule.base and not rule.amounts and rule.event_type not in FOLDS:
        problems.append(_("It has neither base points nor a table of them."))
    return problems
