"""Gives points to a person, or takes them: `manage.py award_points --person 7 --amount 100 --reason … --key …`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.gamification import services
from apps.gamification.management.commands import _acting
from diana import audit, clock


class Command(BaseCommand):
    """Writes one entry, with an audit record."""

    help = "Give points to a person; a negative amount takes them, as far as they are there."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add person and amount."""
        parser.add_argument("--person", type=int, required=True, help="the person's id in Diana")
        parser.add_argument("--amount", type=int, required=True, help="points; negative ones are a penalty")
        _acting.add_options(parser)
        _acting.add_emergency(parser)

    def handle(self, **options: Any) -> None:
        """Award, or take."""
        _acting.run(
            self,
            options,
            lambda: services.act_or_ask(
                act="award_points",
                parameters={"person_id": options["person"], "amount": options["amount"]},
                emergency=options["emergency"],
                reason=options["reason"],
                actor=audit.Actor.command(),
                key=options["key"],
                now=clock.now(),
            ),
        )
