"""manage.py bus_status: is anything waiting, failing, dead, and what holds it up?"""

import json
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser

from diana import metrics
from diana.events import deferring, overview, wakeups
from diana.events.management.commands._output import print_rows
from diana.events.overview import Overview, Standing

# The table for people leaves out what is empty on most days; --json has all of it.
COLUMNS = ("subscriber", "lanes_behind", "events_behind", "seconds_behind", "deliveries", "retrying", "dead", "rescued")


class Command(BaseCommand):
    """Prints the lag and the failures of each subscriber, then the state of the parts between them."""

    help = "Show how each subscriber stands, who holds the fence, whether Redis and a relay are there, what limits did."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --json."""
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        found = overview.read()
        document = {
            **msgspec.to_builtins(found),
            "fence": [holder._asdict() for holder in found.fence],
            "relays": [relay._asdict() for relay in found.relays],
            "redis": _redis(),
            "counts": metrics.totals(),
            "deferred": deferring.waiting(),
        }
        if options["json"]:
            self.stdout.write(json.dumps(document))
            return
        print_rows(self.stdout, COLUMNS, [_row(s) for s in found.subscribers], as_json=False)
        self.stdout.write("")
        for line in _lines(found, document):
            self.stdout.write(line)


def _row(standing: Standing) -> tuple[Any, ...]:
    values = msgspec.structs.asdict(standing)
    values |= {"seconds_behind": round(standing.seconds_behind, 1), "retrying": standing.retrying + standing.held}
    return tuple(values[column] for column in COLUMNS)


def _redis() -> dict[str, bool]:
    """Say whether Redis answers this process."""
    try:
        return {"answers": bool(wakeups.guarded(lambda: wakeups.client().ping()))}
    except wakeups.Unavailable:
        return {"answers": False}


def _lines(found: Overview, document: dict[str, Any]) -> list[str]:
    """Return a line for each part."""
    counts = document["counts"]
    fence = [f"process {h.pid} ({h.application}, {h.state}) for {h.seconds:.1f} s" for h in found.fence[:5]]
    stuck = [
        f"{s.subscriber}: {s.paused} paused, {s.suspect} suspect" for s in found.subscribers if s.paused or s.suspect
    ]
    seen = found.relay_seconds()
    answers = "answers" if document["redis"]["answers"] else "does not answer: the relay drains by itself"
    return [
        f"log     about {found.log_events} events in {found.log_bytes / 2**20:.1f} MiB; {found.above_bound} above the bound",
        f"fence   {'; '.join(fence) or 'held by nobody'}",
        f"lanes   {'; '.join(stuck) or 'none paused, none suspect'}",
        f"redis   {answers}; breakers are open in {counts.get('diana_breaker_open', 0):.0f} processes,"
        f" opened {counts.get('diana_breaker_openings', 0):.0f} times",
        f"relay   {'none is there' if seen is None else f'seen {seen:.1f} s ago'}",
        f"limits  {counts.get('diana_events_limited_refused', 0):.0f} events refused,"
        f" {counts.get('diana_events_limited_deferred', 0):.0f} deferred",
        *(f"deferred from {source}: {number}" for source, number in document["deferred"].items()),
    ]
