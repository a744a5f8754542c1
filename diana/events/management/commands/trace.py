"""manage.py trace: what came of it? One correlation id, over all apps, with times."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.events import tracing
from diana.events.tracing import Fact, Trace, Traced
from diana.events.visits import Seen

# A line is not indented further than this.
DEEPEST = 20


class Command(BaseCommand):
    """Prints the tree of events of one correlation, who handled each and what the apps know of it."""

    help = "Show everything that one act set off: events, subscribers, failures, deliveries, entries, audit records."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is traced, and --json."""
        parser.add_argument("what", metavar="ID", help=tracing.forms())
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            found = tracing.trace(tracing.find_correlation(options["what"]))
        except LookupError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_document(found), default=str))
            return
        for line in _lines(found):
            self.stdout.write(line)


def _began(found: Trace) -> datetime:
    return min(one.event.recorded_at for one in found.events)


def _really_began(found: Trace) -> datetime:
    """Return the same in real time, in which visits are kept."""
    return min(one.real_time for one in found.events)


def _document(found: Trace) -> dict[str, Any]:
    began = _began(found)
    return {
        "correlation_id": found.correlation_id,
        "began_at": began.isoformat(),
        "shortened": found.shortened,
        "events": [_event(one, began, _really_began(found)) for one in found.events],
        "facts": [_fact(fact, began) for fact in found.facts],
    }


def _event(one: Traced, began: datetime, real: datetime) -> dict[str, Any]:
    event = one.event
    return {
        "event_id": event.event_id,
        "causation_id": event.causation_id,
        "type": event.type,
        "version": event.version,
        "position": event.pk,
        "lane": event.lane,
        "user_id": event.user_id,
        "occurred_at": event.occurred_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "after_ms": _milliseconds(event.recorded_at - began),
        "subscribers": one.subscribers,
        "visits": [_visit(seen, real) for seen in one.visits],
        "facts": [_fact(fact, began) for fact in one.facts],
    }


def _fact(fact: Fact, began: datetime) -> dict[str, Any]:
    return {"at": fact.at.isoformat(), "after_ms": _milliseconds(fact.at - began), "text": fact.text}


def _visit(seen: Seen, real: datetime) -> dict[str, Any]:
    return {
        "subscriber": seen.subscriber,
        "outcome": seen.outcome,
        "attempt": seen.attempt,
        "lane": seen.lane,
        "events": seen.events,
        "process": seen.process,
        "task_id": seen.task_id,
        "started_at": seen.started_at.isoformat(),
        "after_ms": _milliseconds(seen.started_at - real),
        "milliseconds": round(seen.milliseconds, 1),
    }


def _milliseconds(passed: timedelta) -> float:
    return round(passed / timedelta(milliseconds=1), 1)


def _lines(found: Trace) -> Iterator[str]:
    """Yield the trace as a tree, each line with the milliseconds since the first event."""
    began, real = _began(found), _really_began(found)
    yield f"correlation {found.correlation_id}, begun {began.isoformat()}; times in ms since then"
    for depth, one in tracing.walk(found.roots):
        yield from _about(one, began, real, depth=min(depth, DEEPEST))
    for fact in found.facts:
        yield _line(fact.at - began, 0, fact.text)
    if found.shortened:
        yield f"… and more: only the first {tracing.MAX_EVENTS} events are shown"


def _about(one: Traced, began: datetime, real: datetime, *, depth: int) -> Iterator[str]:
    event = one.event
    of_whom = "" if event.user_id is None else f" of person {event.user_id}"
    yield _line(event.recorded_at - began, depth, f"{event.type}{of_whom}  {event.event_id}")
    for fact in one.facts:
        yield _line(fact.at - began, depth + 1, f"- {fact.text}")
    for name, state in one.subscribers.items():
        yield _line(None, depth + 1, f"> {name}: {state}")
        for seen in one.visits:
            if seen.subscriber == name:
                yield _line(seen.started_at - real, depth + 2, f"{seen.outcome} {seen.describe()}")


def _line(passed: timedelta | None, depth: int, text: str) -> str:
    number = "" if passed is None else f"{_milliseconds(passed):.1f}"
    return f"{number:>10}  {'  ' * depth}{text}"
