"""manage.py make_secrets: a new environment for production."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.secrets import environment_file


class Command(BaseCommand):
    """Prints the file, or writes it where none is; reads no environment and no database."""

    help = (
        "Print a whole environment for production with fresh secrets; what only you know is left empty. Reads no"
        " environment and no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--out", metavar="FILE", help="write a new file that only its owner can read (mode 0600)")

    def handle(self, *args: Any, out: str | None, **options: Any) -> None:
        """Run."""
        if not out:
            self.stdout.write(environment_file(), ending="")
            return
        try:
            # O_EXCL takes neither a file that is there nor a link.
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise CommandError(f"{out} is there already, and is not overwritten: name another file.") from None
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}.") from None
        with os.fdopen(descriptor, "w") as file:
            file.write(environment_file())
        self.stdout.write(f"Written to {out}, for its owner alone. Fill in the variables at its top.")
