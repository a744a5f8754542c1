"""manage.py export_ledger: the ledger as a file that anybody can verify without this project."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification.proof import exporting
from diana import clock


class Command(BaseCommand):
    """Reads only; the file appears when it is complete."""

    help = "Write the ledger to a file for verifier/verify_export.py: account ids and numbers, no names, no reasons."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, help="where to write; replaced if it is there")

    def handle(self, **options: Any) -> None:
        """Write."""
        try:
            entries = exporting.export(
                options["file"], now=clock.now(), progress=self._show if sys.stderr.isatty() else None
            )
        except OSError as error:
            raise CommandError(f"The export cannot be written: {error}") from error
        self.stdout.write(f"{entries} entries written to {options['file']}")

    def _show(self, entries: int) -> None:
        self.stderr.write(f"\r{entries} entries", ending="")
