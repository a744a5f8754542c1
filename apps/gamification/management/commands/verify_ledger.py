"""Proves the ledger: every sum, every hash, every account; ends with status 1 and the faults if something is wrong."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.gamification.verify import as_json, verify


class Command(BaseCommand):
    """Reads only."""

    help = "Check every entry of the ledger and every account; status 1 and a list of faults if something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice of persons."""
        parser.add_argument("--person", type=int, action="append", help="check this person only; may be repeated")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Walk the ledger and report."""
        report = verify(person_ids=options["person"], progress=self._show if sys.stderr.isatty() else None)
        if options["as_json"]:
            self.stdout.write(as_json(report))
        else:
            for fault in report.faults:
                where = f"entry {fault.entry}" if fault.entry else "the account"
                self.stdout.write(f"person {fault.account}, {where}: {fault.check}: {fault.found}")
            verdict = "The ledger holds" if report.ok else f"{report.faulty} faults"
            self.stdout.write(f"{verdict}: {report.accounts} accounts, {report.entries} entries.")
        if not report.ok:
            sys.exit(1)

    def _show(self, entries: int) -> None:
        self.stderr.write(f"\r{entries} entries", ending="")
