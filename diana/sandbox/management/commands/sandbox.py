"""`manage.py sandbox`: the command line of the sandbox, reached through Django's."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.sandbox import command_line
from diana.sandbox.safety import StartRefusedError


class Command(BaseCommand):
    """Run the sandbox in the foreground until SIGINT or SIGTERM."""

    help = command_line.DESCRIPTION
    # It must start before there is a database.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the same options as `python -m diana.sandbox`."""
        command_line.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; what the sandbox refuses becomes an error of the command."""
        try:
            command_line.run(options)
        except StartRefusedError as refusal:
            raise CommandError(str(refusal)) from refusal
