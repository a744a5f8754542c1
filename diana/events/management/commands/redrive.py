"""manage.py redrive: another series of attempts for dead letters."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from diana.audit import Actor
from diana.events import retries
from diana.events.models import Failure


class Command(BaseCommand):
    """Redrives dead letters, chosen by subscriber, type or id."""

    help = "Give dead letters another series of attempts; their lanes are woken by the relay."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the choice and the reason."""
        parser.add_argument("--subscriber", help="only of this subscriber")
        parser.add_argument("--type", help="only of this event type")
        parser.add_argument("--id", type=int, action="append", help="only this failure (repeatable)")
        parser.add_argument("--reason", required=True, help="kept with each of them")
        parser.add_argument("--dry-run", action="store_true", help="only say how many")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        chosen = Failure.objects.all()
        for field, value in (
            ("subscriber", options["subscriber"]),
            ("type", options["type"]),
            ("id__in", options["id"]),
        ):
            if value:
                chosen = chosen.filter(**{field: value})
        if options["dry_run"]:
            self.stdout.write(f"would redrive {chosen.filter(status=Failure.Status.DEAD).count()}")
        else:
            self.stdout.write(f"redriven: {retries.redrive(chosen, reason=options['reason'], actor=Actor.command())}")
