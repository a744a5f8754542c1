"""Proves the ledger: every sum, hash, account and seal; ends with status 1 and the faults if something is wrong."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification.proof import exporting, origins, verifying
from apps.gamification.verify import Report, as_json
from diana import clock


class Command(BaseCommand):
    """Changes nothing; remembers how far everything held, so that --incremental can begin there."""

    help = "Check entries, accounts and checkpoints of the ledger; status 1 and a list of faults if something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to check, and the forms of the outcome."""
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--person", type=int, action="append", help="check this person only; may be repeated")
        scope.add_argument("--all", action="store_true", help="check everything; so it does without an option")
        scope.add_argument(
            "--incremental",
            "--since-checkpoint",
            action="store_true",
            help="check the accounts touched, and the checkpoints made, since the last verification that found nothing",
        )
        parser.add_argument(
            "--origins",
            action="store_true",
            help="tell points for acts of people, too, that no update of theirs led to",
        )
        parser.add_argument("--export", metavar="FILE", help="afterwards write an export for verifier/verify_export.py")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Check and report."""
        report = self._verify(options)
        if options["origins"]:
            origins.check_origins(report)
        if options["as_json"]:
            self.stdout.write(as_json(report))
        else:
            for fault in report.faults:
                self.stdout.write(f"{fault.where}: {fault.check}: {fault.found}")
            verdict = "The ledger holds" if report.ok else f"{report.faulty} faults"
            self.stdout.write(f"{verdict}: {report.accounts} accounts, {report.entries} entries.")
            if not options["person"]:
                seals = f"{report.checkpoints} checkpoints, {report.sealed} entries sealed, {report.unsealed} not yet."
                self.stdout.write(seals)
                if report.audit:
                    self.stdout.write(_of_audit(report.audit))
            if report.lost:
                self.stdout.write(
                    f"{report.lost} sealed entries were lost with a restore, which a checkpoint declares."
                )
        if options["export"]:
            try:
                exporting.export(Path(options["export"]), now=clock.now(), progress=self._progress())
            except OSError as error:
                raise CommandError(f"The export cannot be written: {error}") from error
        if not report.ok:
            sys.exit(1)

    def _verify(self, options: dict[str, Any]) -> Report:
        if options["person"]:
            if not all(0 < person < 1 << 63 for person in options["person"]):
                raise CommandError("A person's id is a number from 1 to 9223372036854775807.")
            return verifying.verify_persons(options["person"], progress=self._progress())
        if options["incremental"]:
            return verifying.verify_new(progress=self._progress())
        return verifying.verify_everything(progress=self._progress())

    def _progress(self) -> Any:
        return self._show if sys.stderr.isatty() else None

    def _show(self, entries: int) -> None:
        self.stderr.write(f"\r{entries} entries", ending="")


def _of_audit(audit: Report) -> str:
    """Say how far the audit record is sealed."""
    seals = f"{audit.checkpoints} checkpoints, {audit.sealed} audit records sealed, {audit.unsealed} not yet"
    return f"{seals}; {audit.lost} were lost with a restore." if audit.lost else f"{seals}."
