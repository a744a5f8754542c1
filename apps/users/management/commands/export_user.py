"""`manage.py export_user --person 7 --reason …`: everything that is known about a person, as JSON."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.users import services
from apps.users.management.commands.erase_user import add_person, person_of
from diana import clock
from diana.audit import Actor, ReasonMissing


class Command(BaseCommand):
    """Export one person."""

    help = "Print everything that is known about a person as JSON; it is personal data: mind where it goes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_person(parser)
        parser.add_argument("--reason", required=True, help="why, without names; kept in the audit record")
        parser.add_argument("--output", type=Path, help="the file to write, which must not be there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it to the file, readable by its owner alone, or print it."""
        output: Path | None = options["output"]
        if output is not None and output.exists():
            raise CommandError(f"{output} is there already: name another file.")
        try:
            content = services.export_for_staff(
                person_id=person_of(options), reason=options["reason"], actor=Actor.command(), now=clock.now()
            )
        except (services.PersonGone, ReasonMissing) as error:
            raise CommandError(str(error)) from error
        if output is None:
            self.stdout.write(content.decode())
            return
        try:
            with open(output, "xb", opener=_private) as file:
                file.write(content)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"Wrote {len(content)} bytes to {output}.")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
