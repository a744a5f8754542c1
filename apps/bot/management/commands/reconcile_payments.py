"""Compares the payments here with Telegram's own list, and makes good what is safe."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.payments import services
from diana import clock
from diana.events import Permanent, Retry, loop

WORDS = {
    "missing": "Telegram has it, we had not",
    "not_refunded": "given back at Telegram, not here",
    "amounts": "another amount at Telegram",
    "extra": "not in Telegram's list",
    "refunds": "refund asked for or noted here, not made at Telegram",
    "problems": "never credited and not given back: refund them in the admin",
    "failed": "not credited by an error of ours",
}


class Command(BaseCommand):
    """`manage.py reconcile_payments`; runs by itself once a day."""

    help = (
        "Compare payments with Telegram's list of Star transactions. Ends with status 1 if something is left to people."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="say what differs, change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Fetch, compare, repair, report."""
        from apps.bot.star_transactions import fetch

        as_json = options["json"]
        quiet = as_json or not sys.stderr.isatty()
        progress = (lambda text: None) if quiet else self._progress
        try:
            transactions = loop.run(fetch(progress))
        except (Retry, Permanent) as error:
            raise CommandError(f"Telegram's list could not be read. {error}") from None
        report = services.reconcile(transactions=transactions, now=clock.now(), dry_run=dry_run, progress=progress)
        self._print(report, dry_run, as_json)
        if report.left:
            sys.exit(1)

    def _progress(self, text: str) -> None:
        self.stderr.write(f"\r{text}", ending="")

    def _print(self, report: services.Report, dry_run: bool, as_json: bool) -> None:
        found = report.found
        if as_json:
            ids = {name: values for name, values in vars(found).items() if name != "missing"}
            head = {"transactions": report.transactions, "repaired": report.repaired, "left": report.left}
            head["commission"] = report.commission
            self.stdout.write(json.dumps(head | {"missing": len(found.missing)} | ids))
            return
        for name, values in vars(found).items():
            if values:
                which = "" if name == "missing" else ": " + ", ".join(map(str, values[:20]))
                self.stdout.write(f"{len(values)} – {WORDS[name]}{which}")
        if report.commission:
            self.stdout.write(f"{report.commission} of the Stars that people paid went to affiliates: no difference")
        done = "nothing was changed" if dry_run else f"{report.repaired} repaired"
        self.stdout.write(f"{report.transactions} transactions of Telegram compared; {done}, {report.left} left.")
