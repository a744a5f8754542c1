"""Lists the subscriptions that Telegram is to end and has not, and has it asked again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.payments import selectors, services
from diana import clock


class Command(BaseCommand):
    """`manage.py end_subscriptions`; what is due is tried again by itself, some forty times."""

    help = "List the subscriptions that are to be ended and have not been, and ask Telegram again, now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="list them, ask nobody")
        parser.add_argument("--subscription", type=int, help="this one alone, by its number in the admin")

    def handle(self, *args: Any, dry_run: bool, subscription: int | None, **options: Any) -> None:
        """List and ask."""
        found = [line for line in selectors.to_end() if subscription in (None, line.id)]
        if subscription is not None and not found:
            raise CommandError(f"Subscription {subscription} is not to be ended, or has ended.")
        for line in found:
            why = line.problem or "no answer yet"
            self.stdout.write(
                f"{line.id}: {line.reason}, since {line.since:%Y-%m-%d %H:%M}, {line.attempts} attempts: {why}"
            )
            if not dry_run:
                services.ask_again(subscription_id=line.id, now=clock.now())
        self.stdout.write(f"{len(found)} to be ended; {'nobody was asked' if dry_run else 'Telegram is asked again'}.")
