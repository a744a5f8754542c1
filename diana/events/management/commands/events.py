"""manage.py events: the catalogue, which type reaches whom."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from diana.events import catalogue, subscriptions
from diana.events.management.commands._output import print_rows


class Command(BaseCommand):
    """Lists every event type with its version, fields and subscribers."""

    help = "List the event types, their fields and who subscribes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --json."""
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        rows = []
        for event_type in catalogue.event_types():
            cls = catalogue.event_class(event_type)
            fields = ", ".join(name for name in cls.__struct_fields__ if name != "user_id")
            wanting = ", ".join(s.name for s in subscriptions.subscribers() if event_type in s.types)
            rows.append((event_type, cls.version, fields or "-", wanting or "-"))
        print_rows(self.stdout, ("type", "version", "fields", "subscribers"), rows, as_json=options["json"])
