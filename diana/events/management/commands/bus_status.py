"""manage.py bus_status: is anything waiting, failing, dead?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count

from diana.events import release
from diana.events.management.commands._output import print_rows
from diana.events.models import Delivery, Failure


class Command(BaseCommand):
    """Prints the lag and the failures of each subscriber."""

    help = "Show for each subscriber: lanes with work, events and seconds behind, deliveries and failures."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --json."""
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        failures = {
            (row["subscriber"], row["status"]): row["n"]
            for row in Failure.objects.values("subscriber", "status").annotate(n=Count("id"))
        }
        deliveries = dict(Delivery.objects.values_list("subscriber").annotate(n=Count("id")))
        rows = [
            (
                name,
                lanes,
                events,
                round(seconds, 1),
                deliveries.get(name, 0),
                failures.get((name, "retrying"), 0) + failures.get((name, "held"), 0),
                failures.get((name, "dead"), 0),
            )
            for name, lanes, events, seconds in release.lag()
        ]
        columns = ("subscriber", "lanes_behind", "events_behind", "seconds_behind", "deliveries", "retrying", "dead")
        print_rows(self.stdout, columns, rows, as_json=options["json"])
