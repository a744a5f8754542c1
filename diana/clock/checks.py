"""Production keeps real time: a moved clock is an error of `manage.py check`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from diana.clock import offset

HINT = "Production keeps real time. Remove the file; a database that was used with a moved clock stays in development."


def register_checks() -> None:
    """Register the checks; the database is asked with `check --database default`, which the release does."""
    register(check_file, "clock")
    register(check_database, Tags.database)


def check_file(**_: Any) -> list[CheckMessage]:
    """In production no file says that domain time is moved; nobody would read it, and somebody meant it."""
    if settings.PRODUCTION and offset.offset_file().exists():
        return [Error(f"{offset.offset_file()} moves the clock.", hint=HINT, id="clock.E001")]
    return []


def check_database(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """In production the database's domain time is real time."""
    if not settings.PRODUCTION or not databases:
        return []
    try:
        moved = {alias: value for alias in databases if (value := offset.database_offset(alias))}
    except offset.ClockRefused:
        return []
    return [
        Error(f"The clock of the database {alias!r} is {offset.describe(value)}.", hint=HINT, id="clock.E002")
        for alias, value in moved.items()
        if value != timedelta()
    ]
