"""The time limits of every database session: set after connecting, and checked at the release."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.utils import DatabaseError


def install() -> None:
    """Have every new connection of Django's set the limits, and register the check; a second call changes nothing."""
    connection_created.connect(set_limits, dispatch_uid="diana.session_limits")
    checks.register(check_limits, checks.Tags.database)


def set_limits(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Set DATABASE_LIMITS for the session. As startup parameters a pooler may refuse them, or drop them without a word."""
    limits = settings.DATABASE_LIMITS
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS limits (name, value)",
            [list(limits), list(limits.values())],
        )


def check_limits(databases: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """The sessions of the application keep their limits from one statement to the next."""
    if "default" not in (databases or ()):
        return []
    try:
        others = _other_limits()
    except DatabaseError:
        return []
    if not others:
        return []
    found = ", ".join(f"{name} is {value}" for name, value in sorted(others.items()))
    hint = (
        "Connect to PostgreSQL directly, or by a pooler that keeps one server session for each client (session mode):"
        " see docs/operations.md."
    )
    return [checks.Error(f"The database sessions lose their time limits: {found}.", hint=hint, id="diana.E001")]


def _other_limits() -> dict[str, str]:
    """Return the limits of this session that are not those of the settings, as PostgreSQL writes them."""
    limits = settings.DATABASE_LIMITS
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT name, current_setting(name) FROM unnest(%s::text[], %s::text[]) AS limits (name, value)"
            " WHERE current_setting(name)::interval <> value::interval",
            [list(limits), list(limits.values())],
        )
        return dict(cursor.fetchall())
