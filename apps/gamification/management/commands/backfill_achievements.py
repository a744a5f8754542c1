"""Gives achievements to those who deserved them before: `manage.py backfill_achievements page_turner --reason …`."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification import services
from diana import audit, clock

# What the rule achievement_unlocked pays for in an hour, as it was seeded.
PAID_IN_AN_HOUR = 20


class Command(BaseCommand):
    """Works in batches; may be interrupted and run again."""

    help = (
        "Give active achievements quietly to everyone who deserved them by what the log holds, and put their progress"
        " right. A second run finds nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice."""
        parser.add_argument(
            "keys", nargs="*", metavar="KEY", help="which achievements; all active ones if none is named"
        )
        parser.add_argument("--reason", default="", help="why; kept in the audit record; required unless dry")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be given")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Give, or say what would be given."""
        if not options["dry_run"] and not options["reason"].strip():
            raise CommandError("Say why with --reason, or look first with --dry-run.")
        self._printed = time.monotonic()
        try:
            done = services.backfill_achievements(
                keys=options["keys"],
                reason=options["reason"],
                actor=audit.Actor.command(),
                now=clock.now(),
                dry_run=options["dry_run"],
                progress=self._progress,
            )
        except (services.PointsError, audit.ReasonMissing) as error:
            raise CommandError(str(error)) from error
        if options["as_json"]:
            self._print_json(done, dry_run=options["dry_run"])
        else:
            self._print(done, dry_run=options["dry_run"])

    def _print(self, done: services.Backfill, *, dry_run: bool) -> None:
        for (achievement, tier), number in sorted(done.unlocked.items()):
            self.stdout.write(f"{achievement} {tier}: {number}")
        verdict = "would be given" if dry_run else "given"
        self.stdout.write(f"{done.unlocked.total()} unlocks {verdict}; {done.people} people looked at.")
        if not dry_run:
            self.stdout.write(f"The progress of {done.marks} people was put right.")
        if done.most_for_one > PAID_IN_AN_HOUR:
            self.stdout.write(
                f"One person gets {done.most_for_one} at once, more than the rule pays for in an hour ({PAID_IN_AN_HOUR}):"
                " what is above is suppressed. Name a few achievements at a time, an hour apart, to have all paid."
            )

    def _print_json(self, done: services.Backfill, *, dry_run: bool) -> None:
        unlocked = [
            {"achievement": achievement, "tier": tier, "people": number}
            for (achievement, tier), number in sorted(done.unlocked.items())
        ]
        document = {
            "dry_run": dry_run,
            "people": done.people,
            "unlocked": unlocked,
            "marks": done.marks,
            "most_for_one": done.most_for_one,
        }
        self.stdout.write(json.dumps(document))

    def _progress(self, done: int, total: int) -> None:
        if time.monotonic() - self._printed >= 1:
            self._printed = time.monotonic()
            self.stderr.write(f"{100 * done / max(total, 1):5.1f} %  {done} of {total} people")
