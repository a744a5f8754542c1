"""manage.py adopt_log: what a database needs that came from a restore or by replication."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from diana.events import adoption


class Command(BaseCommand):
    """Sets sequences above everything that is in use, the log's first of all, and switches walls on again."""

    help = "After a restore or cutover: sequences above what is in use, append-only triggers on. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --dry-run."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if "owner" not in connections:
            raise CommandError("Set DATABASE_OWNER_URL: only the owner may move sequences.")
        adopted = adoption.adopt(dry_run=options["dry_run"])
        move, switch = ("would move", "would switch") if options["dry_run"] else ("moved", "switched")
        for found in adopted.sequences:
            self.stdout.write(f"{move} {found.name} from {found.last} to {found.in_use}")
        for table, trigger in adopted.walls:
            self.stdout.write(f"{switch} on {trigger} of {table}")
        if not adopted.sequences and not adopted.walls:
            self.stdout.write(f"nothing to do: the log's sequence stands at {adopted.log_last}, no other is behind")
