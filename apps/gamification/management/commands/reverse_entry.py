"""Takes an entry of the ledger back by a new one: `manage.py reverse_entry 123 --reason … --key …`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.gamification import services
from apps.gamification.management.commands import _acting
from diana import audit, clock


class Command(BaseCommand):
    """Writes one reversal, with an audit record."""

    help = "Take an entry back: lifetime points lose all of an award, the balance what is there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the entry."""
        parser.add_argument("entry", type=int, help="the entry's id")
        _acting.add_options(parser)
        _acting.add_emergency(parser)

    def handle(self, **options: Any) -> None:
        """Reverse it."""
        _acting.run(
            self,
            options,
            lambda: services.act_or_ask(
                act="reverse_entry",
                parameters={"entry_id": options["entry"]},
                emergency=options["emergency"],
                reason=options["reason"],
                actor=audit.Actor.command(),
                key=options["key"],
                now=clock.now(),
            ),
        )
