"""Reading the log: which events are safe to read, and the next ones of a lane."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from diana.events import catalogue
from diana.events.envelope import COLUMNS, Envelope
from diana.events.subscriptions import Subscriber


class SequenceBehind(RuntimeError):
    """A cursor stands above the log's sequence, as after a bad restore: run `manage.py adopt_log`."""


class UnknownType(RuntimeError):
    """The log holds a type that this code does not know although a subscription would want it: newer code wrote it."""


class Scan(NamedTuple):
    """What a look at some lanes found. `envelopes`: of all lanes, in the order of the log; `positions`: up to where
    everything of a lane was seen; `more`: lanes with more below the bound; `types`: all that were seen; `above`: of a
    lane the first wanted id above the bound, which waits for an open publisher.
    """

    envelopes: list[Envelope]
    positions: dict[int, int]
    more: set[int]
    types: set[str]
    above: dict[int, int]


def bound(*, own: bool = False) -> int:
    """Return the id up to which the log is complete. Read events only in a statement after this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_log_bound(%s)", [own])
        value: int = cursor.fetchone()[0]
        return value


def check_sequence(position: int) -> None:
    """Raise SequenceBehind if the position was never given out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM event_log_id_seq")
        given = cursor.fetchone()[0]
    if position > given:
        raise SequenceBehind(f"A cursor stands at {position}, the log's sequence at {given}: run manage.py adopt_log.")


def wanted_condition(subscriber: Subscriber) -> tuple[str, dict[str, Any]]:
    """Return SQL that says of a row of the log (type, payload) whether it is the subscriber's, and its parameters.

    It says yes too where only Subscriber.accepts() can tell: the row may be sealed, or have the fields of an old version.
    """
    values: dict[str, Any] = {"types": list(subscriber.types)}
    parts = ["type = ANY(%(types)s)"]
    if subscriber.where:
        values["changed"] = [t for t in subscriber.types if catalogue.versions[t] > 1]
    for number, (name, value) in enumerate(subscriber.where.items()):
        parts.append(
            f"(payload ->> %(field{number})s = %(value{number})s OR payload IS NULL OR type = ANY(%(changed)s))"
        )
        values[f"field{number}"] = name
        values[f"value{number}"] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return " AND ".join(parts), values


# The scan reads ids and types from the index; only rows that are wanted are fetched. What lies above the bound is short.
# Where the limit cuts, all lanes end at the last event taken.
_SCAN = f"""
WITH lanes AS (
    SELECT * FROM unnest(%(lanes)s::smallint[], %(after)s::bigint[]) AS given (lane, after)
), scanned AS MATERIALIZED (
    SELECT l.lane, e.id, e.type FROM lanes l CROSS JOIN LATERAL (
        SELECT id, type FROM event_log WHERE lane = l.lane AND id > l.after AND id <= %(upto)s
        ORDER BY id LIMIT %(window)s
    ) e
), wanted AS MATERIALIZED (
    SELECT lane AS wanted_lane, id AS wanted_id FROM scanned WHERE type = ANY(%(types)s) ORDER BY id LIMIT %(limit)s
), cut AS (
    SELECT CASE WHEN count(*) = %(limit)s THEN max(wanted_id) ELSE %(upto)s END AS upto FROM wanted
), facts AS (
    SELECT l.lane AS fact_lane, max(s.id) FILTER (WHERE s.id <= cut.upto) AS last,
        count(s.id) = %(window)s OR count(s.id) FILTER (WHERE s.id > cut.upto) > 0 AS more,
        array_agg(DISTINCT s.type) FILTER (WHERE s.id <= cut.upto) AS types, (
            SELECT min(id) FROM (
                SELECT id, type, payload FROM event_log
                WHERE lane = l.lane AND id > greatest(%(upto)s, l.after) ORDER BY id LIMIT 1000
            ) beyond WHERE {{wanted}}
        ) AS above
    FROM lanes l CROSS JOIN cut LEFT JOIN scanned s ON s.lane = l.lane GROUP BY l.lane, l.after
)
SELECT fact_lane, last, more, types, above, e.*
FROM facts LEFT JOIN (SELECT wanted_lane, {COLUMNS} FROM event_log JOIN wanted ON id = wanted_id) e
    ON wanted_lane = fact_lane
ORDER BY e.id
"""


def scan_lanes(subscriber: Subscriber, after: Mapping[int, int], *, upto: int, limit: int, window: int) -> Scan:
    """Return the next events of the subscriber's types in these lanes, each after its position and all up to `upto`.

    At most `limit` events, out of the next `window` rows of each lane.
    """
    condition, values = wanted_condition(subscriber)
    limits: dict[str, Any] = {"lanes": list(after), "after": list(after.values()), "upto": upto}
    with connection.cursor() as cursor:
        cursor.execute(_SCAN.format(wanted=condition), limits | {"limit": limit, "window": window} | values)
        rows = cursor.fetchall()
    facts = {row[0]: row[1:5] for row in rows}
    return Scan(
        [Envelope(*row[6:]) for row in rows if row[5] is not None],
        {lane: last for lane, (last, _, _, _) in facts.items() if last is not None},
        {lane for lane, (_, more, _, _) in facts.items() if more},
        {event_type for _, _, types, _ in facts.values() for event_type in types or ()},
        {lane: above for lane, (_, more, _, above) in facts.items() if above is not None and not more},
    )


def read_events(positions: Sequence[int]) -> list[Envelope]:
    """Return the events at these positions, in order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM event_log WHERE id = ANY(%s) ORDER BY id", [list(positions)])
        return [Envelope(*row) for row in cursor.fetchall()]


def unknown_types(types: set[str], patterns: Sequence[str]) -> list[str]:
    """Return which of the types no class here knows although they match the patterns: written by newer code."""
    return sorted(t for t in types if not catalogue.is_known(t) and any(catalogue.matches(p, t) for p in patterns))
