"""Cursors: where a subscriber stands in a lane. Read under the row's lock, moved in the transaction of the effects."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from diana.events import agreement
from diana.events.subscriptions import Subscriber


class UnknownCursor(RuntimeError):
    """The subscriber has no cursor, or one that was made by other code: run `manage.py sync_subscribers`."""


class State(NamedTuple):
    """A cursor row as it was locked. Up to `suspect_until` events are handled one by one; up to `bound` the log is
    complete; `failing`: the lane has events that are retried or held back.
    """

    position: int
    fingerprint: str
    paused_until: datetime | None
    pauses: int
    suspect_until: int | None
    suspect_position: int | None
    suspect_attempts: int
    bound: int
    failing: bool


def lock(subscriber: Subscriber, lane: int, *, own: bool = False) -> State:
    """Lock the cursor row until the transaction ends and return it; raises UnknownCursor.

    The fingerprint check keeps code that understands the subscription differently from moving past its events. The
    bound (with `own`, the transaction's own events count) is read here so that events are read in a later statement.
    """
    agreement.check_log()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, fingerprint, paused_until, pauses, suspect_until, suspect_position, suspect_attempts,"
            " event_log_bound(%s), EXISTS (SELECT FROM event_failure f WHERE f.subscriber = c.subscriber"
            " AND f.lane = c.lane AND f.status IN ('retrying', 'held'))"
            " FROM event_cursor c WHERE subscriber = %s AND lane = %s FOR UPDATE",
            [own, subscriber.name, lane],
        )
        row = cursor.fetchone()
    if row is None:
        raise UnknownCursor(f"{subscriber.name} has no cursor for lane {lane}: run manage.py sync_subscribers.")
    state = State(*row)
    if state.fingerprint != subscriber.fingerprint:
        raise UnknownCursor(
            f"The cursors of {subscriber.name} belong to other code (its types differ): deploy the same version"
            " everywhere and run manage.py sync_subscribers."
        )
    return state


def move(subscriber: Subscriber, lane: int, position: int, *, handled: int) -> None:
    """Move the cursor to the position and clear what was held against it: the lane works."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET position = %s, handled = handled + %s, moved_at = now(), paused_until = NULL,"
            " pauses = 0, trial_at = NULL, suspect_until = CASE WHEN suspect_until > %s THEN suspect_until END,"
            " suspect_position = NULL, suspect_attempts = 0 WHERE subscriber = %s AND lane = %s",
            [position, handled, position, subscriber.name, lane],
        )


def pause(subscriber: Subscriber, lane: int, seconds: float) -> None:
    """Leave the lane alone for a while: its handler fails whatever it is given."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET paused_until = now() + make_interval(secs => %s), pauses = least(pauses + 1, 1000)"
            " WHERE subscriber = %s AND lane = %s",
            [seconds, subscriber.name, lane],
        )


def begin_trial(subscriber: Subscriber, lane: int) -> None:
    """Note, in a commit of its own, that a task woken by the relay begins: if it ends without a move, the relay sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET trial_at = clock_timestamp() WHERE subscriber = %s AND lane = %s AND trial_at IS NULL",
            [subscriber.name, lane],
        )


def end_trial(subscriber: Subscriber, lane: int) -> None:
    """Note that the trial ended by itself, whether or not there was anything to do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET trial_at = NULL WHERE subscriber = %s AND lane = %s AND trial_at IS NOT NULL",
            [subscriber.name, lane],
        )


def suspect(subscriber: Subscriber, lane: int, position: int, *, events: int) -> None:
    """Have the next events of the lane handled one by one if it still stands there: one of them may kill its process."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET trial_at = NULL, suspect_until = (SELECT max(id) FROM ("
            " SELECT id FROM event_log WHERE lane = %(lane)s AND id > %(position)s ORDER BY id LIMIT %(events)s) e)"
            " WHERE subscriber = %(name)s AND lane = %(lane)s AND position = %(position)s AND trial_at IS NOT NULL",
            {"name": subscriber.name, "lane": lane, "position": position, "events": events},
        )


def count_rescue(subscriber: Subscriber, lane: int) -> None:
    """Count a wake-up that nobody but the relay made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET rescued = rescued + 1 WHERE subscriber = %s AND lane = %s", [subscriber.name, lane]
        )


def note_attempt(subscriber: Subscriber, lane: int, position: int) -> int:
    """Count an attempt at the event that may have killed its process; return which attempt this is.

    To be committed before the attempt is made.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET suspect_position = %s,"
            " suspect_attempts = CASE WHEN suspect_position = %s THEN suspect_attempts + 1 ELSE 1 END"
            " WHERE subscriber = %s AND lane = %s RETURNING suspect_attempts",
            [position, position, subscriber.name, lane],
        )
        attempts: int = cursor.fetchone()[0]
        return attempts


def forget_attempt(subscriber: Subscriber, lane: int) -> None:
    """Take the attempt noted last back: it did not end its process."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET suspect_attempts = greatest(suspect_attempts - 1, 0)"
            " WHERE subscriber = %s AND lane = %s",
            [subscriber.name, lane],
        )


def create_missing(subscriber: Subscriber, lanes: Sequence[int], position: int) -> int:
    """Create the cursors that are not there, at the position; return how many. A second call creates none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO event_cursor (subscriber, lane, position, fingerprint)"
            " SELECT %s, lane, %s, %s FROM unnest(%s::smallint[]) AS lane ON CONFLICT DO NOTHING",
            [subscriber.name, position, subscriber.fingerprint, list(lanes)],
        )
        return int(cursor.rowcount)
