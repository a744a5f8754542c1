"""What one act set off, of one person: which events are in the log by now, and whether a subscriber has handled them all.

Read by the index of events by person; the log's index of correlations is for people who look into it.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from diana.events.envelope import COLUMNS, Envelope
from diana.events.models import Failure


class Act(NamedTuple):
    """A correlation of one person; its events stand in the log after the position `after`."""

    user_id: int
    correlation_id: UUID
    after: int


_OF_ACT = "e.user_id = %(user_id)s AND e.id > %(after)s AND e.correlation_id = %(correlation_id)s"
_OPEN = [Failure.Status.RETRYING, Failure.Status.HELD]


def with_types(acts: Sequence[Act], types: Sequence[str]) -> set[UUID]:
    """Return the correlations of those acts that set off an event of one of the types; one query."""
    columns = [list(column) for column in zip(*acts, strict=True)] or [[], [], []]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.correlation_id FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[])"
            " AS a (user_id, correlation_id, after)"
            " WHERE EXISTS (SELECT FROM event_log e WHERE e.user_id = a.user_id AND e.id > a.after"
            " AND e.correlation_id = a.correlation_id AND e.type = ANY(%s))",
            [*columns, list(types)],
        )
        return {row[0] for row in cursor.fetchall()}


def read(act: Act, types: Sequence[str]) -> list[Envelope]:
    """Return the act's events of these types, in the order of the log; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM event_log e WHERE {_OF_ACT} AND e.type = ANY(%(types)s) ORDER BY e.id",
            act._asdict() | {"types": list(types)},
        )
        return [Envelope(*row) for row in cursor.fetchall()]


def is_handled(act: Act, subscriber: str, types: Sequence[str]) -> bool:
    """Say whether the subscriber has handled all of the act's events of these types, and none waits for another try; one query.

    Of an act without such events it is true.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM event_log e LEFT JOIN event_cursor c"
            " ON c.subscriber = %(subscriber)s AND c.lane = e.lane"
            f" WHERE {_OF_ACT} AND e.type = ANY(%(types)s) AND (e.id > coalesce(c.position, 0) OR EXISTS ("
            "SELECT FROM event_failure f WHERE f.subscriber = %(subscriber)s AND f.position = e.id"
            " AND f.status = ANY(%(open)s))))",
            act._asdict() | {"types": list(types), "subscriber": subscriber, "open": _OPEN},
        )
        [handled] = cursor.fetchone()
    return bool(handled)
