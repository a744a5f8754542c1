"""manage.py adopt_log: repair of the log's sequence after a restore."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from diana.events import release


class Command(BaseCommand):
    """Sets the sequence of the log above everything that is in use."""

    help = "After a restore or cutover: set the log's sequence above every id in log and cursors. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --dry-run."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if "owner" not in connections:
            raise CommandError("Set DATABASE_OWNER_URL: only the owner may move the sequence.")
        adoption = release.adopt(dry_run=options["dry_run"])
        if adoption.after == adoption.before:
            self.stdout.write(
                f"nothing to do: the sequence stands at {adoption.before}, the highest id is {adoption.highest}"
            )
        else:
            verb = "would move" if options["dry_run"] else "moved"
            self.stdout.write(f"{verb} the sequence from {adoption.before} to {adoption.after}")
