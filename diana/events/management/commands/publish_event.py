"""manage.py publish_event: an event from the command line, for other programs and for trying things out."""

from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from diana.events import catalogue
from diana.events.limiting import RateLimited, UnknownSource
from diana.events.publishing import publish


class Command(BaseCommand):
    """Publishes one event and prints its id."""

    help = "Publish one event, e.g. publish_event game.login --user 7, or with fields: --fields '{\"days\": 3}'."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the type and the fields."""
        parser.add_argument("type", help="see manage.py events")
        parser.add_argument("--user", type=int, help="our id of the person it is about")
        parser.add_argument("--fields", default="{}", help="the payload as a JSON object")
        parser.add_argument("--key", help="idempotency key: publishing again does nothing")
        parser.add_argument("--source", default="command", help="whose limit it counts against (EVENTS_RATE_LIMITS)")
        parser.add_argument("--dry-run", action="store_true", help="only check the event")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            event = catalogue.decode(options["type"], options["user"], options["fields"])
        except KeyError as error:
            raise CommandError(f"There is no event type {options['type']!r}: see manage.py events.") from error
        except (catalogue.InvalidEvent, msgspec.DecodeError, TypeError) as error:
            raise CommandError(str(error)) from error
        if options["dry_run"]:
            self.stdout.write(f"valid: {event}")
            return
        try:
            with transaction.atomic():
                envelope = publish(event, idempotency_key=options["key"], source=options["source"])
        except (RateLimited, UnknownSource) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(envelope.event_id))
