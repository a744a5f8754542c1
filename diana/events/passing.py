"""Errors that should pass and do not: an event whose handling always meets one must not hold up its lane for ever.

A deadlock or a time limit is charged to nobody as long as it may pass. The relay has a lane that stands still go one by
one; an event that, alone, meets such errors EVENTS_PASSING_ERRORS times in a row is set aside as a failure and tried again
like any other, and each further one is charged to it.
"""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import connection, transaction

from diana.events import cursors, retries
from diana.events.envelope import Envelope
from diana.events.failures import is_passing
from diana.events.subscriptions import Subscriber

logger = logging.getLogger(__name__)


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
