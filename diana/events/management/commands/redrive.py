"""manage.py redrive: another series of attempts for dead letters."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.audit import Actor
from diana.events import retries, subscriptions
from diana.events.management.commands._choosing import add_choice, chosen_failures
from diana.events.management.commands._output import print_kinds


class Command(BaseCommand):
    """Redrives dead letters, chosen by subscriber, type, time or id."""

    help = (
        "Give dead letters another series of attempts; their lanes are woken by the relay. A second call does nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the choice and the reason."""
        add_choice(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        chosen = chosen_failures(options)
        known = [subscriber.name for subscriber in subscriptions.subscribers()]
        if options["subscriber"] and options["subscriber"] not in known:
            raise CommandError(f"Nobody is called {options['subscriber']} any more: manage.py discard gives these up.")
        kinds = retries.count_by_kind(chosen.filter(subscriber__in=known))
        if not kinds:
            self.stdout.write("nothing to redrive: no dead letter is chosen")
        elif options["dry_run"]:
            print_kinds(self.stdout, "would redrive", kinds)
        else:
            self.stdout.write(f"redriven: {retries.redrive(chosen, reason=options['reason'], actor=Actor.command())}")
