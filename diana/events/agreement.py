"""Log and code must agree on the number of lanes: asked once on each connection, before it publishes or drains."""

from typing import Any
from weakref import WeakSet

from django.db import connection

from diana.events import lanes

_agreed: "WeakSet[Any]" = WeakSet()


class LanesDiffer(RuntimeError):
    """The log was made for another number of lanes: set EVENTS_LANES to it, or run `manage.py change_lanes`."""


def lanes_of_log() -> int | None:
    """Return the number of lanes that the log was made for; None if it does not say."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM event_parameter WHERE name = 'lanes'")
        row = cursor.fetchone()
    return int(row[0]) if row else None


def check_lanes() -> None:
    """Raise LanesDiffer unless the log has as many lanes as this code. One query for each connection."""
    if connection.connection in _agreed:
        return
    found = lanes_of_log()
    if found != lanes.LANES:
        raise LanesDiffer(
            f"The log has {found} lanes, this process {lanes.LANES}: set EVENTS_LANES={found} everywhere, or stop all"
            f" processes and run manage.py change_lanes {lanes.LANES}."
        )
    _agreed.add(connection.connection)
