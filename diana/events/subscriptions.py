"""Who reacts to what: the registry that @subscribe fills, resolved once against the closed catalogue."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from django.apps import apps

from diana import metrics
from diana.events import catalogue
from diana.events.causes import caused_by
from diana.events.envelope import Envelope
from diana.events.lanes import lane_of

Handler = Callable[[Envelope], object]
BatchHandler = Callable[[Sequence[Envelope]], object]

# A wake-up: subscriber and lane, with the newest event as a hint for whoever watches the tasks go by.
Hint = dict[str, str]
Wakes = dict[tuple[str, int], Hint]


class Subscriber:
    """One reaction: a name, the types it wants, and the function that handles them.

    `batch`: the function takes all events of a pass at once. `external`: it talks to the outside, runs outside any
    transaction, at least once. `ordered`: a failing event holds back later ones of its key. `where`: only events
    whose fields have these values. `start`: where a new cursor begins, at the end of the log or at its beginning.
    `projection`: the tables that the function fills and nobody else, from these events alone; they can be rebuilt.
    """

    def __init__(
        self,
        function: Callable[..., object],
        patterns: Sequence[str],
        *,
        name: str,
        batch: bool = False,
        external: bool = False,
        ordered: bool = False,
        where: Mapping[str, Any] | None = None,
        start: Literal["now", "beginning"] = "now",
        queue: str = "domain",
        projection: Sequence[str] = (),
    ) -> None:
        self.function, self.patterns, self.name = function, tuple(patterns), name
        self.batch, self.external, self.ordered = batch, external, ordered
        self.where, self.start, self.queue = dict(where or {}), start, queue
        self.projection = tuple(projection)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The names in the log of the known types that the patterns name; former names stand after a type's own."""
        matching = (t for t in catalogue.event_types() if any(catalogue.matches(p, t) for p in self.patterns))
        return tuple(name for event_type in matching for name in catalogue.names_in_log(event_type))

    @cached_property
    def fingerprint(self) -> str:
        """What this code understands the subscription to be; code with another one may not move its cursors."""
        text = "|".join([*self.types, repr(sorted(self.where.items()))])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def wants(self, envelope: Envelope) -> bool:
        """Say whether the event is one of its own."""
        return envelope.type in self.types and self.accepts(envelope)

    def accepts(self, envelope: Envelope) -> bool:
        """Say whether the event, known to be of one of its types, has the fields that `where` asks for."""
        if not self.where:
            return True
        fields = envelope.fields
        return all(fields.get(name) == value for name, value in self.where.items())

    def handle(self, envelopes: Sequence[Envelope]) -> None:
        """Run the function over the events, in their order; its errors pass through."""
        with metrics.handling(self.name, len(envelopes)):
            if self.batch:
                self.function(envelopes)
                return
            for envelope in envelopes:
                with caused_by(envelope):
                    self.function(envelope)


_subscribers: dict[str, Subscriber] = {}
_duplicates: list[str] = []


def subscribe(
    *patterns: str,
    name: str | None = None,
    batch: bool = False,
    external: bool = False,
    ordered: bool = False,
    where: Mapping[str, Any] | None = None,
    start: Literal["now", "beginning"] = "now",
    queue: str | None = None,
    projection: Sequence[str] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the function under `<app>.<function>`; that is also the name of its Celery task.

    Patterns are types in which `*` stands for one segment and `#` for any number. Mistakes (a pattern that matches
    nothing, two functions of one name) are errors of `manage.py check`, hence at every start.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        subscriber = Subscriber(
            function,
            patterns,
            name=name or f"{_app_label(function)}.{function.__name__}",
            batch=batch,
            external=external,
            ordered=ordered,
            where=where,
            start=start,
            queue=queue or ("telegram" if external else "domain"),
            projection=projection,
        )
        known = _subscribers.get(subscriber.name)
        if known is not None and known.function.__qualname__ + known.function.__module__ != (
            function.__qualname__ + function.__module__
        ):
            _duplicates.append(subscriber.name)
        _subscribers[subscriber.name] = subscriber
        return function

    return register


def _app_label(function: Callable[..., Any]) -> str:
    """Return the label of the app whose code the function is."""
    config = apps.get_containing_app_config(function.__module__)
    return config.label if config else function.__module__.partition(".")[0]


def subscribers() -> list[Subscriber]:
    """Return all subscribers, by name."""
    return [_subscribers[name] for name in sorted(_subscribers)]


def subscriber(name: str) -> Subscriber:
    """Return the subscriber of that name; raises KeyError if there is none."""
    return _subscribers[name]


def duplicate_names() -> list[str]:
    """Return the names that two functions claim."""
    return list(_duplicates)


def wakes_for(envelopes: Iterable[Envelope]) -> Wakes:
    """Return whom these events concern; the hint names the newest of them (type, id, correlation id)."""
    newest: dict[tuple[str, int], Envelope] = {}
    by_type = _by_type()
    for envelope in envelopes:
        for wanting in by_type.get(envelope.type, ()):
            if wanting.accepts(envelope):
                newest[wanting.name, lane_of(envelope.key)] = envelope
    return {key: _hint(envelope) for key, envelope in newest.items()}


def _hint(envelope: Envelope) -> Hint:
    return {
        "type": envelope.type,
        "id": str(envelope.event_id),
        "correlation_id": str(envelope.correlation_id),
    }


def _by_type() -> dict[str, list[Subscriber]]:
    """Map each type to who wants it; built once, after all apps are ready."""
    if _index.get("size") != len(_subscribers):
        _index.clear()
        _index["size"] = len(_subscribers)
        _index["map"] = {}
        for wanting in _subscribers.values():
            for event_type in wanting.types:
                _index["map"].setdefault(event_type, []).append(wanting)
    index: dict[str, list[Subscriber]] = _index["map"]
    return index


_index: dict[str, Any] = {}
