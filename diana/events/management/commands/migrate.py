"""manage.py migrate, as the owner: the application's role may not change tables."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

# Whoever waits for a table's lock holds up everybody who comes after: a change that finds no gap fails and is run again.
LOCK_TIMEOUT = "2s"


class Command(migrate.Command):
    """Django's command on the owner's connection."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments with another default."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Run."""
        if options["database"] == "owner" and "owner" not in connections:
            raise CommandError("Set DATABASE_OWNER_URL: migrations run as the owner of the tables.")
        if options["database"] == "owner":
            with connections["owner"].cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
        result: str | None = super().handle(*args, **options)
        return result
