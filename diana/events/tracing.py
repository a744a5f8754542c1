"""Everything that one correlation id set off: its events, who handled them, and what each app has to tell about them.

The bus tells of events, subscribers, failures, deliveries and audit records. What an app keeps beside that (updates,
entries of the ledger) it registers here in its `ready()`: an app above knows of the bus, never the other way round.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Model

from diana.audit.models import AuditRecord
from diana.events import identifiers, log, subscriptions
from diana.events.envelope import Envelope
from diana.events.models import Cursor, Delivery, Failure, StoredEvent
from diana.events.visits import Seen, of_events

# A chain of causes that is longer is shown up to here.
MAX_EVENTS = 2_000
OPEN = ("retrying", "held")
PREFIX = re.compile(r"[0-9a-f]{6,32}")


class NothingFound(LookupError):
    """No event belongs to it. Was it committed (the id of a request that failed is in no log)? Is it this database?"""


class NoEvents(NothingFound):
    """It set off no event, and will set off none: its app did at once what there was to do. `fact` tells of it."""

    def __init__(self, fact: "Fact") -> None:
        super().__init__(f"{fact.text} and set off no event: {fact.reason}.")
        self.fact = fact


class Ambiguous(LookupError):
    """Several correlations begin so: give more of the id."""


class Fact(NamedTuple):
    """Something that an app knows of an event: when, and a few words without personal data.

    `row` has a page in the admin. `why` is asked for only where it is shown; it returns sentences in English. `reason` says why
    there is no event.
    """

    at: datetime
    event_id: UUID | None
    text: str
    kind: Literal["update", "entry", "fact"] = "fact"
    row: Model | None = None
    why: Callable[[], Sequence[str]] | None = None
    reason: str = ""


@dataclass
class Traced:
    """One event of the trace. `subscribers`: how far each that wants it has come, `unfinished` those that have not come to
    its end; `visits`: who handled it, where that is kept; `facts`: what the apps tell.
    """

    event: StoredEvent
    envelope: Envelope
    subscribers: dict[str, str] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    visits: list[Seen] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    children: list["Traced"] = field(default_factory=list)

    @property
    def real_time(self) -> datetime:
        """When it was published, in real time: domain time, in which it was recorded, may be moved."""
        return identifiers.time_of(self.event.event_id) or self.event.recorded_at.astimezone(UTC)


@dataclass(frozen=True)
class Trace:
    """What came of one cause. `roots` hold the rest as children, by causation; `facts` belong to no single event."""

    correlation_id: UUID
    roots: list[Traced]
    events: list[Traced]
    facts: list[Fact]
    shortened: bool


Teller = Callable[[Sequence[StoredEvent]], Iterable[Fact]]
# Returns the event of a row; of one that has none and gets none it returns what it was.
Finder = Callable[[int], "UUID | Fact | None"]

_tellers: dict[str, Teller] = {}
_finders: dict[str, Finder] = {}


def register_trace(name: str, tell: Teller, *, find: Finder | None = None) -> None:
    """Have `tell` add what it knows of some events, and `find` name the event of one of its rows (`<name>:<id>`)."""
    _tellers[name] = tell
    if find is not None:
        register_finder(name, find)


def register_finder(name: str, find: Finder) -> None:
    """Have `find` name the event of a row by another number of it."""
    _finders[name] = find


def forms() -> str:
    """Return what can be traced, for a help text."""
    return ", ".join(
        ["a correlation id", "an event id", "the beginning of one", *(f"{n}:ID" for n in sorted(_finders))]
    )


def find_correlation(text: str) -> UUID:
    """Return the correlation that the text names; raises NothingFound, NoEvents or Ambiguous."""
    name, separator, number = text.strip().partition(":")
    if separator:
        return _of_row(name, number)
    prefix = text.strip().lower().replace("-", "")
    if not PREFIX.fullmatch(prefix):
        raise NothingFound(f"{text!r} names nothing that can be traced: give {forms()}.")
    found = _correlations(UUID(prefix.ljust(32, "0")), UUID(prefix.ljust(32, "f")))
    if not found:
        raise NothingFound(f"Nothing begins with {text}. {NothingFound.__doc__}")
    if len(found) > 1:
        raise Ambiguous(f"{Ambiguous.__doc__} {', '.join(map(str, found[:5]))}" + (" …" if len(found) > 5 else ""))
    return found[0]


def _of_row(name: str, number: str) -> UUID:
    finder = _finders.get(name)
    event_id = finder(int(number)) if finder and re.fullmatch(r"[0-9]{1,18}", number) else None
    if isinstance(event_id, Fact):
        raise NoEvents(event_id)
    found = _correlations(event_id, event_id) if event_id else []
    if not found:
        raise NothingFound(f"No event is known of {name}:{number}. Can be traced: {forms()}.")
    return found[0]


def _correlations(low: UUID, high: UUID) -> list[UUID]:
    """Return the correlations between the two ids, else those of the events between them; eleven at most."""
    with connection.cursor() as cursor:
        for column in ("correlation_id", "event_id"):
            # No order and no limit inside, or the planner might walk the whole log by its primary key.
            cursor.execute(
                f"WITH found AS MATERIALIZED (SELECT correlation_id FROM event_log WHERE {column} BETWEEN %s AND %s)"
                " SELECT DISTINCT correlation_id FROM found LIMIT 11",
                [low, high],
            )
            if rows := cursor.fetchall():
                return [row[0] for row in rows]
    return []


_EVENTS = """
WITH found AS MATERIALIZED (SELECT * FROM event_log WHERE correlation_id = %s)
SELECT id, event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes, recorded_at, correlation_id,
    causation_id
FROM found ORDER BY id LIMIT %s
"""


def trace(correlation_id: UUID) -> Trace:
    """Return everything that the correlation set off; raises NothingFound."""
    events: list[StoredEvent] = list(StoredEvent.objects.raw(_EVENTS, [correlation_id, MAX_EVENTS + 1]))
    if not events:
        raise NothingFound(f"No event has the correlation {correlation_id}. {NothingFound.__doc__}")
    shortened, events = len(events) > MAX_EVENTS, events[:MAX_EVENTS]
    envelopes = {envelope.position: envelope for envelope in log.read_events([event.pk for event in events])}
    traced = {event.event_id: Traced(event, envelopes[event.pk]) for event in events}
    _add_subscribers(list(traced.values()))
    _add_visits({one.event.pk: one for one in traced.values()})
    facts = [fact for tell in _tellers.values() for fact in tell(events)]
    for fact in sorted(facts, key=_at):
        if fact.event_id in traced:
            traced[fact.event_id].facts.append(fact)
    return Trace(
        correlation_id,
        _tree(traced),
        list(traced.values()),
        sorted([fact for fact in facts if fact.event_id not in traced] + _audited(correlation_id), key=_at),
        shortened,
    )


def _at(fact: Fact) -> datetime:
    return fact.at


def walk(roots: Sequence[Traced]) -> Iterator[tuple[int, Traced]]:
    """Yield each event with its depth, causes before what they caused; chains may be longer than the stack is deep."""
    ahead = [(0, root) for root in reversed(roots)]
    while ahead:
        depth, one = ahead.pop()
        yield depth, one
        ahead += [(depth + 1, child) for child in reversed(one.children)]


def _tree(traced: Mapping[UUID, Traced]) -> list[Traced]:
    """Hang each event under its cause; return those whose cause is not among them."""
    roots: list[Traced] = []
    for one in traced.values():
        cause = traced.get(one.event.causation_id) if one.event.causation_id else None
        (cause.children if cause else roots).append(one)
    return roots


def _audited(correlation_id: UUID) -> list[Fact]:
    records = AuditRecord.objects.filter(correlation_id=correlation_id).order_by("id")
    return [Fact(r.at, None, f"audit record {r.pk}: {r.act} of {r.object_type} {r.object_id}") for r in records]


def _add_subscribers(traced: Sequence[Traced]) -> None:
    """Say of each event who wants it and how far they are."""
    positions = [one.event.pk for one in traced]
    cursors = {(c.subscriber, c.lane): c.position for c in Cursor.objects.all()}
    failures = {(f.subscriber, f.position): f for f in Failure.objects.filter(position__in=positions)}
    waiting = {(d.subscriber, d.position): d for d in Delivery.objects.filter(position__in=positions)}
    for one in traced:
        for subscriber in subscriptions.subscribers():
            key = (subscriber.name, one.event.pk)
            if subscriber.wants(one.envelope):
                passed = cursors.get((subscriber.name, one.event.lane), -1) >= one.event.pk
                failure, delivery = failures.get(key), waiting.get(key)
                one.subscribers[subscriber.name] = _state(subscriber, passed, failure, delivery)
                if failure is not None:
                    one.failures.append(failure)
                if not passed or delivery is not None or (failure is not None and failure.status in OPEN):
                    one.unfinished.append(subscriber.name)


def _state(
    subscriber: subscriptions.Subscriber, passed: bool, failure: Failure | None, delivery: Delivery | None
) -> str:
    """Say in a few words how far the subscriber is with the event."""
    if delivery is not None:
        return f"to be delivered, {delivery.attempts} attempts so far"
    if failure is not None and failure.status in (*OPEN, "dead"):
        return f"{failure.status} after {failure.attempts} attempts"
    if failure is not None:
        return f"{failure.status} at last" if failure.status == "done" else failure.status
    if not passed:
        return "waiting"
    return "delivered" if subscriber.external else "handled"


def _add_visits(by_position: Mapping[int, Traced]) -> None:
    """Hang the visits under their events."""
    for seen in of_events([(position, one.event.lane) for position, one in by_position.items()]):
        one = by_position[seen.position]
        # It may reach over events between its own.
        if seen.subscriber in one.subscribers:
            one.visits.append(seen)
