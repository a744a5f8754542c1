"""Mistakes that must be found at start and not by a silence at run time, as Django system checks."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.db.utils import DatabaseError

from diana.events import agreement, broker_policy, catalogue, lanes, limiting, subscriptions


def register_checks() -> None:
    """Register the checks; those that ask the database run with `check --database default`."""
    checks.register(check_subscriptions, "events")
    checks.register(check_roles, "events")
    checks.register(check_rate_limits, "events")
    checks.register(check_lanes, checks.Tags.database)
    checks.register(broker_policy.check_broker, "broker", deploy=True)


def check_subscriptions(**_: Any) -> list[checks.CheckMessage]:
    """Every pattern matches a known type, every name is taken once, every `where` names fields."""
    found: list[checks.CheckMessage] = [
        checks.Error(
            f"Two handlers are called {name}.", hint="Rename one, or pass name= to subscribe().", id="events.E001"
        )
        for name in subscriptions.duplicate_names()
    ]
    for subscriber in subscriptions.subscribers():
        for pattern in subscriber.patterns:
            if not any(catalogue.matches(pattern, t) for t in catalogue.event_types()):
                hint = "Declare the event class in the events module of its app, or correct the pattern."
                found.append(
                    checks.Error(f"{subscriber.name}: no event type matches {pattern!r}.", hint=hint, id="events.E002")
                )
        found += [
            checks.Error(f"{subscriber.name}: {t} has no field {name!r}.", hint="Correct where=.", id="events.E003")
            for t in subscriber.types
            for name in subscriber.where
            if name not in catalogue.event_class(t).__struct_fields__
        ]
        if subscriber.batch and subscriber.external:
            found.append(
                checks.Error(
                    f"{subscriber.name} is both batch and external.",
                    hint="What talks to the outside gets one event at a time.",
                    id="events.E004",
                )
            )
        if subscriber.projection and subscriber.external:
            hint = "What talks to the outside fills no tables; split it in two."
            found.append(
                checks.Error(f"{subscriber.name} is both projection and external.", hint=hint, id="events.E009")
            )
    return found


def check_roles(**_: Any) -> list[checks.CheckMessage]:
    """No process's role is the owner of the tables, and each part of the application has its own."""
    kind = checks.Error if settings.PRODUCTION else checks.Warning
    found: list[checks.CheckMessage] = []
    if settings.DATABASES.get("owner", {}).get("USER", "") in settings.DATABASE_ROLES:
        hint = "Set DATABASE_OWNER_URL to another role: only then the append-only tables are walls. See docs/operations.md."
        found.append(kind("The application connects as the owner of its tables.", hint=hint, id="events.E005"))
    elif settings.PRODUCTION and (
        shared := [role for role, parts in settings.DATABASE_ROLES.items() if len(parts) > 1]
    ):
        hint = "Set DATABASE_DOOR_URL, DATABASE_STAFF_URL and DATABASE_URL to roles of their own. See docs/database-roles.md."
        text = f"{', '.join(shared)} is the role of several parts of Diana."
        found.append(checks.Error(text, hint=hint, id="events.E012"))
    return found


def check_rate_limits(**_: Any) -> list[checks.CheckMessage]:
    """Every limit can be read; a misspelt name in an entry would be a limit that nobody keeps."""
    found: list[checks.CheckMessage] = []
    hint = 'Write limits like "120/minute" under person and source, and "refuse" or "defer" under over.'
    for source, limits in settings.EVENTS_RATE_LIMITS.items():
        try:
            if unknown := set(limits) - {"person", "source", "over"}:
                raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
            limiting.limits_of(source)
        except ValueError as error:
            found.append(checks.Error(f"EVENTS_RATE_LIMITS[{source!r}]: {error}.", hint=hint, id="events.E010"))
    return found


def check_lanes(databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """The log was made with as many lanes as the code has."""
    try:
        found = agreement.lanes_of_log()
    except DatabaseError:
        return []
    if found in (None, lanes.LANES):
        return []
    hint = f"Set EVENTS_LANES={found}, or stop all processes and run `manage.py change_lanes {lanes.LANES}`."
    return [checks.Error(f"The log has {found} lanes, the settings {lanes.LANES}.", hint=hint, id="events.E006")]
