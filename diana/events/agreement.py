"""Log and code must agree on the number of lanes, and the fence must stand: asked once on each connection, before it
publishes or drains."""

from typing import Any
from weakref import WeakSet

from django.db import connection

from diana.events import lanes

_agreed: "WeakSet[Any]" = WeakSet()


class LanesDiffer(RuntimeError):
    """The log was made for another number of lanes: set EVENTS_LANES to it, or run `manage.py change_lanes`."""


class FenceDown(RuntimeError):
    """The log's triggers are off, as while another server's rows are being replicated: run `manage.py adopt_log`."""


def lanes_of_log() -> int | None:
    """Return the number of lanes that the log was made for; None if it does not say."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM event_parameter WHERE name = 'lanes'")
        row = cursor.fetchone()
    return int(row[0]) if row else None


def check_log() -> None:
    """Raise LanesDiffer or FenceDown unless this code may work with the log. Two queries for each connection."""
    if connection.connection in _agreed:
        return
    found = lanes_of_log()
    if found != lanes.LANES:
        raise LanesDiffer(
            f"The log has {found} lanes, this process {lanes.LANES}: set EVENTS_LANES={found} everywhere, or stop all"
            f" processes and run manage.py change_lanes {lanes.LANES}."
        )
    if not _fence_stands():
        raise FenceDown(FenceDown.__doc__)
    _agreed.add(connection.connection)


def _fence_stands() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(tgenabled = 'A') FROM pg_trigger"
            " WHERE tgrelid = 'event_log'::regclass AND tgname LIKE 'event\\_log\\_%%'",
            [],
        )
        return bool(cursor.fetchone()[0])
