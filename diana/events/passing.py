"""Errors that should pass and do not: an event whose handling always meets one must not hold up its lane for ever.

A deadlock or a time limit is charged to nobody as long as it may pass. A lane that meets such errors twice in a row at
one place goes one by one; an event that, alone, meets them EVENTS_PASSING_ERRORS times in a row is set aside as a failure
and tried again like any other, and each further one is charged to it.
"""

import contextlib
import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from diana.events import cursors, retries
from diana.events.envelope import Envelope
from diana.events.failures import is_passing
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)


# So often in a row a lane may meet them at one place before its next events go one by one.
TOGETHER, EVENTS = 2, 500

_NOTE_LANE = """
UPDATE event_cursor c SET passing_position = position,
    passing_errors = CASE WHEN passing_position = position THEN passing_errors + 1 ELSE 1 END,
    suspect_until = CASE WHEN passing_position = position AND passing_errors + 1 >= %(together)s THEN (
        SELECT max(id) FROM (
            SELECT id FROM event_log WHERE lane = c.lane AND id > c.position ORDER BY id LIMIT %(events)s
        ) AS ahead
    ) ELSE suspect_until END
WHERE subscriber = %(name)s AND lane = %(lane)s AND (suspect_until IS NULL OR position >= suspect_until)
"""


def note_lane(subscriber: Subscriber, lane: int, error: Exception) -> None:
    """Note that work on the lane ended so; too often at one place, and its next events go one by one.

    The caller holds the lane's lock and has rolled back. Of a lane that goes one by one set_aside() counts.
    """
    if is_passing(error):
        with contextlib.suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            values: dict[str, Any] = {"name": subscriber.name, "lane": lane, "together": TOGETHER, "events": EVENTS}
            cursor.execute(_NOTE_LANE, values)


def set_aside(subscriber: Subscriber, lane: int, alone: Sequence[Envelope], error: Exception) -> bool:
    """Note what the only event of a batch met; return whether it was set aside, so that the lane can go on.

    To be called with the attempt rolled back. Errors that are the surroundings' (a lost connection) are not noted.
    """
    if not alone or not is_passing(error):
        return False
    position = alone[0].position
    if _note(subscriber, lane, position) < settings.EVENTS_PASSING_ERRORS:
        return False
    with transaction.atomic():
        if cursors.lock(subscriber, lane).position < position:
            retries.record_passing(subscriber, lane, alone[0], error)
            cursors.move(subscriber, lane, position, handled=0)
    return True


def _note(subscriber: Subscriber, lane: int, position: int) -> int:
    """Count the error at this position; return how many there were in a row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET passing_errors = CASE WHEN passing_position = %s THEN passing_errors + 1 ELSE 1 END,"
            " passing_position = %s WHERE subscriber = %s AND lane = %s RETURNING passing_errors",
            [position, position, subscriber.name, lane],
        )
        errors: int = cursor.fetchone()[0]
        return errors
