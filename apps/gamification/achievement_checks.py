"""Checks of the stored achievements against what the code knows: one that could never be unlocked is an error."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.core.checks import CheckMessage, Error
from django.db import connections
from django.utils.translation import gettext as _

from apps.gamification.decide.achievements.combining import Composite
from apps.gamification.decide.achievements.definitions import Definition, InvalidDefinition, composition_problems
from diana.events import catalogue


def check_active_achievements(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Report active achievements without a version that works, or whose composites name nobody or each other."""
    from apps.gamification.models import Achievement

    found: list[CheckMessage] = []
    for alias in databases or []:
        if Achievement._meta.db_table in connections[alias].introspection.table_names():
            found += [
                Error(
                    f"{key}: {problem}",
                    hint=_("Add a version without the mistake, deactivate it, or deploy the code that knows the type."),
                    id="gamification.E002",
                )
                for key, problem in _problems(alias)
            ]
    return found


def _problems(alias: str) -> Iterable[tuple[str, str]]:
    from apps.gamification.loading import definition_of
    from apps.gamification.models import AchievementVersion

    newest: dict[str, Definition] = {}
    rows = AchievementVersion.objects.using(alias).filter(achievement__active=True).select_related("achievement")
    for version in rows:
        try:
            definition = definition_of(version)
        except InvalidDefinition as error:
            yield str(version), str(error)
            continue
        newest.setdefault(definition.key, definition)
        for problem in definition_problems(definition):
            yield str(version), problem
    yield from composition_problems(parts_of(newest.values()), set(newest)).items()


def parts_of(definitions: Iterable[Definition]) -> dict[str, list[str]]:
    """Return whom each composite names, by key."""
    return {
        d.key: [part.achievement for part in d.strategy.parts] for d in definitions if isinstance(d.strategy, Composite)
    }


def definition_problems(definition: Definition) -> list[str]:
    """Return in words which event types and fields that it needs are not there; empty if all is well."""
    from apps.gamification.handlers import AWARDED_TYPES

    problems = []
    for trigger in definition.strategy.triggers():
        if not catalogue.is_known(trigger.type):
            problems.append(_("No class has the event type %(type)s.") % {"type": trigger.type})
            continue
        if trigger.type not in AWARDED_TYPES:
            problems.append(_("The award subscriber does not listen to %(type)s.") % {"type": trigger.type})
        fields = {f.name for f in msgspec.structs.fields(catalogue.event_class(trigger.type))} - {"user_id"}
        wanted = definition.strategy.fields() | {name for condition in trigger.conditions for name in condition.names}
        for name in sorted(wanted - fields):
            problems.append(_("%(type)s has no field %(field)s.") % {"type": trigger.type, "field": name})
    return problems
