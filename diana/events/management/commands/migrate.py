"""manage.py migrate, as the owner: the application's role may not change tables."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections


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
        result: str | None = super().handle(*args, **options)
        return result
