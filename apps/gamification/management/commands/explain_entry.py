"""Says why an entry of the ledger is what it is: `manage.py explain_entry 123`."""

from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification import selectors
from apps.gamification.services import UnknownEntry


class Command(BaseCommand):
    """Reads only."""

    help = "Say why an entry is what it is: event, rule and version, base, bonuses, limits."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the entry."""
        parser.add_argument("entry", type=int, help="the entry's id")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Explain it."""
        try:
            explained = selectors.explain(options["entry"])
        except UnknownEntry as error:
            raise CommandError(str(error)) from error
        if options["as_json"]:
            self.stdout.write(msgspec.json.encode(explained).decode())
            return
        line = explained.line
        self.stdout.write(
            f"entry {line.entry_id}, number {explained.sequence} of person {explained.person_id}: {line.kind}"
            f" {line.amount:+d}, {line.occurred_at:%Y-%m-%d %H:%M:%S} UTC"
        )
        if explained.event_type:
            self.stdout.write(f"event {explained.event_type} {explained.event_id}, trace {explained.correlation_id}")
        for sentence in explained.words:
            self.stdout.write(sentence)
        for name in ("actor", "reason", "reverses", "reversed_by", "hash"):
            if (value := getattr(explained, name)) is not None:
                self.stdout.write(f"{name}: {value}")
