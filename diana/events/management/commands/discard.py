"""manage.py discard: give dead letters up for good."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from diana.audit import Actor
from diana.events import retries
from diana.events.management.commands._choosing import add_choice, chosen_failures
from diana.events.management.commands._output import print_kinds


class Command(BaseCommand):
    """Discards dead letters, chosen by subscriber, type, time or id."""

    help = (
        "Give dead letters up for good, with a reason. What is still tried is left alone. A second call does nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the choice and the reason."""
        add_choice(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        chosen = chosen_failures(options)
        kinds = retries.count_by_kind(chosen)
        if not kinds:
            self.stdout.write("nothing to discard: no dead letter is chosen")
        elif options["dry_run"]:
            print_kinds(self.stdout, "would discard", kinds)
        else:
            self.stdout.write(f"discarded: {retries.discard(chosen, reason=options['reason'], actor=Actor.command())}")
