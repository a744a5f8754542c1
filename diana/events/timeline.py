"""A trace as a flat list in the order of time, for pages: what one act set off, who handled it, and whether that is all.

Times are real time, in milliseconds since the act came in. Domain time, in which rows are recorded, may be moved.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import urljoin
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Model
from django.urls import reverse

from diana import clock
from diana.events import identifiers, presence, tracing, visits
from diana.events.connections import freshen_connections
from diana.events.models import Failure
from diana.events.tracing import Fact, Trace, Traced

# Nothing new for so long, and nothing left to do, is rest.
REST_SECONDS = 2.0
# An event that seems to have been recorded further than this from when it was published was recorded in moved time.
MOVED = timedelta(seconds=1)

Kind = Literal["update", "event", "visit", "entry", "fact", "call"]


class Item(msgspec.Struct, frozen=True):
    """One line. `depth` is that of causes; `link` leads to the admin or to Flower; `event_id`: of which event it is."""

    at_ms: float
    kind: Kind
    depth: int
    title: str
    text: str
    link: str | None = None
    fields: dict[str, Any] | None = None
    event_id: UUID | None = None


class Timeline(msgspec.Struct, frozen=True):
    """What came of one act. `began_at`: seconds of the epoch, where `at_ms` is 0; None while nothing is known of it."""

    correlation_id: UUID | None
    began_at: float | None
    at_rest: bool
    worker_running: bool
    items: list[Item]


class CallMade(NamedTuple):
    """A call to the Bot API that somebody else recorded: when (seconds of the epoch), and of which event, as its header said."""

    at: float
    method: str
    text: str
    event_id: str | UUID | None = None
    fields: Mapping[str, Any] | None = None


class _Links(NamedTuple):
    """Where the admin and Flower are; empty where nobody knows."""

    admin: str
    flower: str

    def to_row(self, row: Model) -> str | None:
        meta = row._meta
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
        return urljoin(self.admin, path) if self.admin else None

    def of(self, fact: Fact) -> str | None:
        return None if fact.row is None else self.to_row(fact.row)

    def to_task(self, task_id: str | None) -> str | None:
        return f"{self.flower.rstrip('/')}/task/{task_id}" if self.flower and task_id else None


def read_timeline(what: str, *, admin: str = "", flower: str = "") -> Timeline:
    """Return the timeline of what `manage.py trace` would find; an empty one, not at rest, of what is not known (yet).

    `admin` and `flower` are the addresses that links begin with. Takes some queries; raises what the database raises.
    """
    freshen_connections()
    runs = presence.worker_runs()
    try:
        found = tracing.trace(tracing.find_correlation(what))
    except tracing.NoEvents as known:
        item = Item(0.0, "update", 0, known.fact.text, known.fact.reason, _Links(admin, flower).of(known.fact))
        return Timeline(None, None, True, runs, [item])
    except tracing.NothingFound:
        return Timeline(None, None, False, runs, [])
    began = _began(found)
    items = sorted(_items(found, _Links(admin, flower)), key=lambda item: item.at)
    shown = [item.shown(began) for item in items]
    return Timeline(found.correlation_id, began.timestamp(), is_at_rest(found), runs, shown)


def add_calls(timeline: Timeline, calls: Iterable[CallMade]) -> Timeline:
    """Return the timeline with those of the calls that its events made, by their times.

    A call that names no event is taken as the caller's word that it belongs here.
    """
    if timeline.began_at is None:
        return timeline
    depths: dict[UUID | None, int] = {i.event_id: i.depth for i in timeline.items if i.kind == "event"} | {None: 0}
    added = [
        _call(call, event_id, depths[event_id] + 1, timeline.began_at)
        for call in calls
        if (event_id := UUID(str(call.event_id)) if call.event_id else None) in depths
    ]
    return msgspec.structs.replace(timeline, items=sorted([*timeline.items, *added], key=lambda item: item.at_ms))


def _call(call: CallMade, event_id: UUID | None, depth: int, began_at: float) -> Item:
    fields = None if call.fields is None else dict(call.fields)
    return Item(round(1000 * (call.at - began_at), 1), "call", depth, call.method, call.text, None, fields, event_id)


def is_at_rest(found: Trace) -> bool:
    """Say whether everything is done and nothing happened for REST_SECONDS; dead letters are done.

    The events are counted after their subscribers were looked at: whoever finished one meanwhile has published in the
    same commit.
    """
    if found.shortened or any(one.unfinished for one in found.events):
        return False
    if min(map(_age_seconds, found.events)) < REST_SECONDS:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM event_log WHERE correlation_id = %s),"
            " EXISTS (SELECT FROM event_deferred WHERE correlation_id = %s)",
            [found.correlation_id, found.correlation_id],
        )
        events, deferred = cursor.fetchone()
    return events == len(found.events) and not deferred


def _age_seconds(one: Traced) -> float:
    """Return how long nothing has happened to the event; in real time, or in domain time if its id does not tell that."""
    now = clock.real_now()
    ended = [now - seen.started_at - timedelta(milliseconds=seen.milliseconds) for seen in one.visits]
    known = identifiers.time_of(one.event.event_id)
    published = now - known if known else clock.now() - one.event.recorded_at
    return min(published, *ended).total_seconds() if ended else published.total_seconds()


class _Placed(NamedTuple):
    """An item before the beginning is known."""

    at: datetime
    kind: Kind
    depth: int
    title: str
    text: str
    link: str | None
    fields: dict[str, Any] | None = None
    event_id: UUID | None = None

    def shown(self, began: datetime) -> Item:
        return Item(round((self.at - began) / timedelta(milliseconds=1), 1), *self[1:])


def _began(found: Trace) -> datetime:
    """Return when the update came in, or the first event was published."""
    return min([at for one in found.events for at in _arrivals(one)] or [one.real_time for one in found.events])


def _arrivals(one: Traced) -> list[datetime]:
    return [_real_time(fact.at, one) for fact in one.facts if fact.kind == "update"]


def _items(found: Trace, links: _Links) -> Iterator[_Placed]:
    """Yield everything, causes before what they caused: an item is never earlier than the event that it belongs to."""
    earliest: dict[UUID | None, datetime] = {}
    for depth, one in tracing.walk(found.roots):
        causes = [earliest[one.event.causation_id]] if one.event.causation_id in earliest else []
        # An id tells whole milliseconds.
        at = max([one.real_time, *causes, *_arrivals(one)])
        earliest[one.event.event_id] = at
        yield from (_fact(fact, one, depth, None, links) for fact in one.facts if fact.kind == "update")
        yield _event(one, depth + 1, at, links)
        yield from (_visit(seen, one, depth + 2, at, links) for seen in one.visits)
        yield from (_failure(failure, one, depth + 2, at, links) for failure in one.failures)
        yield from (_fact(fact, one, depth + 2, at, links) for fact in one.facts if fact.kind != "update")
    for fact in found.facts:
        yield _fact(fact, found.events[0], 1, None, links)


def _event(one: Traced, depth: int, at: datetime, links: _Links) -> _Placed:
    """Return the event with its fields as they were written; what is sealed stays so."""
    event, payload = one.event, one.envelope.open_payload
    words = ["system" if event.user_id is None else f"person {event.user_id}"]
    words += ["sealed"] if payload is None else []
    words += [f"waits for {', '.join(one.unfinished)}"] if one.unfinished else []
    fields = None if payload is None else msgspec.json.decode(payload)
    return _Placed(at, "event", depth, event.type, ", ".join(words), links.to_row(event), fields, event.event_id)


def _visit(seen: visits.Seen, one: Traced, depth: int, event_at: datetime, links: _Links) -> _Placed:
    names = ("outcome", "lane", "events", "attempt", "process", "task_id")
    fields = {name: getattr(seen, name) for name in names} | {"milliseconds": round(seen.milliseconds, 1)}
    at, text, link = max(seen.started_at, event_at), f"{seen.outcome} {seen.describe()}", links.to_task(seen.task_id)
    return _Placed(at, "visit", depth, seen.subscriber, text, link, fields, one.event.event_id)


def _failure(failure: Failure, one: Traced, depth: int, event_at: datetime, links: _Links) -> _Placed:
    at, text = max(_real_time(failure.failed_at, one), event_at), one.subscribers[failure.subscriber]
    fields = {"error": failure.error}
    return _Placed(at, "fact", depth, failure.subscriber, text, links.to_row(failure), fields, one.event.event_id)


def _fact(fact: Fact, anchor: Traced, depth: int, event_at: datetime | None, links: _Links) -> _Placed:
    """Return what an app told: its first words as the title, and why, where there is a reason."""
    title, _, rest = fact.text.partition(": ")
    why = fact.why() if fact.why else ()
    text = " ".join([f"{rest}." if why else rest, *why])
    at = _real_time(fact.at, anchor)
    at = at if event_at is None else max(at, event_at)
    return _Placed(at, fact.kind, depth, title, text, links.of(fact), None, fact.event_id)


def _real_time(at: datetime, anchor: Traced) -> datetime:
    """Return the moment in real time: as it is, or less what domain time was ahead when the event was recorded.

    Rows are recorded in either; of the two the one that is nearer to the event.
    """
    ahead = anchor.event.recorded_at - anchor.real_time
    if abs(ahead) < MOVED:
        return at
    return min(at, at - ahead, key=lambda moment: abs(moment - anchor.real_time))
