"""manage.py rebuild_balances: accounts from their entries, after a restore that was verified."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from apps.gamification.proof import rebuilding
from diana import audit


class Command(BaseCommand):
    """Twice is once: what fits already is left alone."""

    help = "Make each account say what its last entry says; refuses while a chain of entries is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the reason and the forms."""
        parser.add_argument("--reason", help="why; kept in the audit record; needed unless --dry-run")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be changed")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Run."""
        if "owner" not in connections:
            raise CommandError("Set DATABASE_OWNER_URL: only the owner may write balances.")
        dry_run = options["dry_run"]
        if not options["reason"] and not dry_run:
            raise CommandError("Give --reason, or look first with --dry-run.")
        try:
            changes = rebuilding.rebuild_balances(
                reason=options["reason"] or "dry run", actor=audit.Actor.command(), dry_run=dry_run
            )
        except (rebuilding.ChainsBroken, rebuilding.PersonMissing, audit.ReasonMissing) as error:
            raise CommandError(str(error)) from error
        if options["as_json"]:
            self.stdout.write(json.dumps({"dry_run": dry_run, "changes": [change._asdict() for change in changes]}))
            return
        for change in changes:
            (_, balance, lifetime), (_, right_balance, right_lifetime) = change.before, change.after
            verb = "would change" if dry_run else "changed"
            self.stdout.write(
                f"{verb} person {change.account}: balance {balance} to {right_balance},"
                f" lifetime {lifetime} to {right_lifetime}"
            )
        if not changes:
            self.stdout.write("Nothing to do: every account says what its last entry says.")
