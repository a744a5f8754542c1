"""Reading the log: which events are safe to read, and the next ones of a lane."""

from collections.abc import Sequence
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
    """What a look at a lane found. `position`: up to where everything was seen; `more`: below the bound lies more;
    `types`: all that were seen; `above`: the first wanted id above the bound, which waits for an open publisher.
    """

    envelopes: list[Envelope]
    position: int
    more: bool
    types: set[str]
    above: int | None


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
_SCAN = f"""
WITH scanned AS MATERIALIZED (
    SELECT id, type FROM event_log WHERE lane = %(lane)s AND id > %(after)s AND id <= %(upto)s
    ORDER BY id LIMIT %(window)s
), wanted AS (
    SELECT id AS wanted_id FROM scanned WHERE type = ANY(%(types)s) ORDER BY id LIMIT %(limit)s
), facts AS (
    SELECT max(id) AS last, count(*) AS seen, array_agg(DISTINCT type) AS types, (
        SELECT min(id) FROM (
            SELECT id, type, payload FROM event_log
            WHERE lane = %(lane)s AND id > greatest(%(upto)s, %(after)s) ORDER BY id LIMIT 1000
        ) beyond WHERE {{wanted}}
    ) AS above FROM scanned
)
SELECT facts.last, facts.seen, facts.types, facts.above, e.*
FROM facts LEFT JOIN (SELECT {COLUMNS} FROM event_log JOIN wanted ON id = wanted_id) e ON true
ORDER BY e.id
"""


def scan_lane(subscriber: Subscriber, lane: int, *, after: int, upto: int, limit: int, window: int) -> Scan:
    """Return the next events of the subscriber's types, at most `limit`, out of the next `window` rows up to `upto`.

    Where the limit cut it short the scan ends at the last event returned, else at the last row seen.
    """
    condition, values = wanted_condition(subscriber)
    limits: dict[str, Any] = {"lane": lane, "after": after, "upto": upto, "limit": limit, "window": window}
    with connection.cursor() as cursor:
        cursor.execute(_SCAN.format(wanted=condition), limits | values)
        rows = cursor.fetchall()
    last, seen, types, above = rows[0][:4]
    if not seen:
        return Scan([], after, False, set(), above)
    envelopes = [Envelope(*row[4:]) for row in rows if row[4] is not None]
    if len(envelopes) == limit:
        return Scan(envelopes, envelopes[-1].position, True, set(types), None)
    return Scan(envelopes, last, seen == window, set(types), above)


def read_events(positions: Sequence[int]) -> list[Envelope]:
    """Return the events at these positions, in order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM event_log WHERE id = ANY(%s) ORDER BY id", [list(positions)])
        return [Envelope(*row) for row in cursor.fetchall()]


def unknown_types(types: set[str], patterns: Sequence[str]) -> list[str]:
    """Return which of the types no class here knows although they match the patterns: written by newer code."""
    return sorted(t for t in types if not catalogue.is_known(t) and any(catalogue.matches(p, t) for p in patterns))
