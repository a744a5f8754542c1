"""Reading the log in the order of its ids, over all lanes: what replays and rebuilds do. Live work reads lanes (log.py)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from diana.events import catalogue, log
from diana.events.envelope import COLUMNS, Envelope
from diana.events.lanes import LANES
from diana.events.subscriptions import Subscriber

READ_AT_ONCE = 2000


class NotSubscribed(ValueError):
    """The subscriber does not want that type: name one of its own, see `manage.py events`."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which of a subscriber's events are meant; what is left out does not restrict. Both ends are included.

    `since` and `until` are times of the acts (`occurred_at`), aware.
    """

    types: tuple[str, ...] = ()
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    from_position: int = 1
    to_position: int | None = None

    def condition(self, subscriber: Subscriber) -> tuple[str, dict[str, Any]]:
        """Return SQL that says of a row of the log whether it is meant, and its parameters; raises NotSubscribed."""
        foreign = sorted(set(self.types) - set(subscriber.types))
        if foreign:
            raise NotSubscribed(f"{subscriber.name} does not want {', '.join(foreign)}: see manage.py events.")
        wanted, values = log.wanted_condition(subscriber)
        parts = [wanted]
        for sql, name, value in (
            ("user_id = %(user_id)s", "user_id", self.user_id),
            ("occurred_at >= %(since)s", "since", self.since),
            ("occurred_at <= %(until)s", "until", self.until),
        ):
            if value is not None:
                parts.append(sql)
                values[name] = value
        if self.types:
            values["types"] = list(self.types)
        return " AND ".join(parts), values


class Found(NamedTuple):
    """The events of one type that are meant: how many, where the first and the last stand, and when they happened."""

    type: str
    events: int
    first: int
    last: int
    earliest: datetime
    latest: datetime


def windows(after: int, upto: int, rows: int) -> Iterator[tuple[int, int]]:
    """Yield (after, last) for one stretch of the log after the other, each with at most so many rows.

    No statement looks at more than one stretch, however long the log is and however rare what is looked for.
    """
    while after < upto:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(id) FROM (SELECT id FROM event_log WHERE id > %s AND id <= %s ORDER BY id LIMIT %s) w",
                [after, upto, rows],
            )
            last: int | None = cursor.fetchone()[0]
        if last is None:
            return
        yield after, last
        after = last


def read(subscriber: Subscriber, selection: Selection, after: int, last: int) -> list[Envelope]:
    """Return the events of a stretch that are meant, in the order of their ids."""
    condition, values = selection.condition(subscriber)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM event_log WHERE id > %(after)s AND id <= %(last)s AND {condition} ORDER BY id",
            values | {"after": after, "last": last},
        )
        return [e for e in (Envelope(*row) for row in cursor.fetchall()) if subscriber.accepts(e)]


def of_person(subscriber: Subscriber, person_id: int, *, upto: int) -> list[Envelope]:
    """Return all of the subscriber's events about one person up to a position, in the order of their ids; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM event_log"
            " WHERE user_id = %s AND key = %s AND id <= %s AND type = ANY(%s) ORDER BY id",
            [person_id, str(person_id), upto, list(subscriber.types)],
        )
        return [Envelope(*row) for row in cursor.fetchall()]


def everything_about(person_id: int) -> Iterator[Envelope]:
    """Yield what the log holds about the person, in the order of the ids; one query. Types that were retired are left out."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM event_log WHERE user_id = %s ORDER BY id", [person_id])
        rows = cursor.fetchall()
    return (envelope for envelope in (Envelope(*row) for row in rows) if catalogue.is_known(envelope.type))


_OF_PEOPLE = f"""
SELECT {COLUMNS} FROM event_log
WHERE user_id IN (
    SELECT user_id FROM event_log WHERE user_id IS NOT NULL AND occurred_at >= %(since)s AND occurred_at < %(until)s
        AND type = ANY(%(types)s)
    GROUP BY user_id ORDER BY hashint8(user_id) LIMIT %(most)s
) AND key = user_id::text AND occurred_at < %(until)s AND id <= %(upto)s AND type = ANY(%(types)s)
ORDER BY user_id, id
"""


def of_people(
    subscriber: Subscriber, *, since: datetime, until: datetime, upto: int, most: int | None = None
) -> Iterator[Envelope]:
    """Yield the histories, person by person, of everyone to whom something happened in the span; from their beginnings.

    One query behind a server-side cursor, in the caller's transaction: memory does not grow. `most`: at most so many
    people, drawn evenly, the same ones each time.
    """
    values: dict[str, Any] = {
        "since": since,
        "until": until,
        "upto": upto,
        "most": most,
        "types": list(subscriber.types),
    }
    with connection.cursor() as cursor:
        # All of it is wanted, not the first rows soon.
        cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
    with connection.chunked_cursor() as cursor:
        cursor.execute(_OF_PEOPLE, values)
        while rows := cursor.fetchmany(READ_AT_ONCE):
            for row in rows:
                yield Envelope(*row)


def survey(
    subscriber: Subscriber,
    selection: Selection,
    *,
    upto: int,
    rows: int,
    passed: Mapping[int, int] | None = None,
    above: Mapping[int, int] | None = None,
) -> list[Found]:
    """Return by type what is meant, up to the position, a stretch of so many rows at a time.

    `passed`, `above`: only what lies at or below, or above, these positions of the lanes.
    """
    condition, values = selection.condition(subscriber)
    for lanes, comparison in ((passed, "<="), (above, ">")):
        if lanes is not None:
            condition += f" AND id {comparison} (%(lanes)s::bigint[])[lane + 1]"
            values["lanes"] = [lanes.get(lane, 0) for lane in range(LANES)]
    found: dict[str, Found] = {}
    for after, last in windows(selection.from_position - 1, upto, rows):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT type, count(*), min(id), max(id), min(occurred_at), max(occurred_at) FROM event_log"
                f" WHERE id > %(after)s AND id <= %(last)s AND {condition} GROUP BY type",
                values | {"after": after, "last": last},
            )
            for part in map(Found._make, cursor.fetchall()):
                found[part.type] = _joined(found.get(part.type), part)
    return [found[event_type] for event_type in sorted(found)]


def _joined(before: Found | None, part: Found) -> Found:
    if before is None:
        return part
    return Found(
        part.type,
        before.events + part.events,
        before.first,
        part.last,
        min(before.earliest, part.earliest),
        max(before.latest, part.latest),
    )
