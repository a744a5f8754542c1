"""Decides a local date of a person anew: `manage.py recompute_day 7 2026-03-11 --reason … [--dry-run]`."""

import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.gamification import services
from apps.gamification.services import PointsError
from apps.users.selectors import UnknownPerson
from diana import audit, clock


class Command(BaseCommand):
    """Writes what is due, with an audit record."""

    help = "Pay what limits or the daily cap took away on a local date and have room for by now; takes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add person, date and the rest."""
        parser.add_argument("person", type=int, help="the person's id in Diana")
        parser.add_argument("date", type=_date, help="the local date, as in 2026-03-11")
        parser.add_argument("--reason", default="recomputed by command", help="why; kept in the audit record")
        parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Recompute it."""
        try:
            with transaction.atomic():
                entries = services.recompute_day(
                    person_id=options["person"],
                    day=options["date"],
                    reason=options["reason"],
                    actor=audit.Actor.command(),
                    now=clock.now(),
                )
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except (PointsError, UnknownPerson, audit.ReasonMissing) as error:
            raise CommandError(str(error)) from error
        paid = [{"rule": e.rule, "amount": e.amount, "event": str(e.event_id)} for e in entries]
        if options["as_json"]:
            self.stdout.write(json.dumps({"paid": paid, "dry_run": options["dry_run"]}))
            return
        for line in paid:
            self.stdout.write(f"{line['rule']}: {line['amount']:+d} for event {line['event']}")
        verb = "would be paid" if options["dry_run"] else "paid"
        self.stdout.write(f"{sum(e.amount for e in entries)} points {verb} in {len(entries)} entries.")


def _date(text: str) -> date:
    return date.fromisoformat(text)
