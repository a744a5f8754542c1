"""manage.py change_lanes: another number of lanes, while everything is stopped."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from diana.events import lane_change


class Command(BaseCommand):
    """Rewrites the lanes of the log as the owner, all or nothing."""

    help = (
        "Change the number of lanes. Stop all processes first; set EVENTS_LANES to the number before they start again."
    )
    # The settings and the log differ by nature when this runs.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number."""
        parser.add_argument("lanes", type=int, help="1 to 256")
        parser.add_argument("--dry-run", action="store_true", help="do it, say what it was, take it back")
        parser.add_argument("--force", action="store_true", help="although sessions are connected that do not publish")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if "owner" not in connections:
            raise CommandError("Set DATABASE_OWNER_URL: only the owner may rewrite the log's lanes.")
        try:
            change = lane_change.change_lanes(options["lanes"], dry_run=options["dry_run"], force=options["force"])
        except lane_change.NotNow as error:
            raise CommandError(str(error)) from error
        verb = "would change" if options["dry_run"] else "changed"
        self.stdout.write(
            f"{verb} {change.before} lanes to {change.after}: {change.events} events, {change.others} other rows moved"
        )
        if not options["dry_run"]:
            self.stdout.write(f"set EVENTS_LANES={change.after} for all processes, then start them")
