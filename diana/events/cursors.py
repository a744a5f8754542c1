"""Cursors: where a subscriber stands in a lane. Read under the row's lock, moved in the transaction of the effects."""

from collections.abc import Mapping, Sequence
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
    """Lock the cursor of one lane until the transaction ends and return it; raises UnknownCursor."""
    return lock_lanes(subscriber, [lane], own=own)[lane]


# The bound is asked for once, however many rows there are.
_LOCK = """
WITH log AS MATERIALIZED (SELECT event_log_bound(%s) AS bound)
SELECT lane, position, fingerprint, paused_until, pauses, suspect_until, suspect_position, suspect_attempts, bound,
    EXISTS (
        SELECT FROM event_failure f
        WHERE f.subscriber = c.subscriber AND f.lane = c.lane AND f.status IN ('retrying', 'held')
    )
FROM event_cursor c CROSS JOIN log WHERE subscriber = %s AND lane = ANY(%s) ORDER BY lane FOR UPDATE OF c
"""


def lock_lanes(subscriber: Subscriber, lanes: Sequence[int], *, own: bool = False) -> dict[int, State]:
    """Lock the cursors of these lanes, in ascending order, until the transaction ends; raises UnknownCursor.

    The fingerprint check keeps code that understands the subscription differently from moving past its events. The
    bound (with `own`, the transaction's own events count) is read here so that events are read in a later statement.
    """
    agreement.check_log()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [own, subscriber.name, list(lanes)])
        states = {row[0]: State(*row[1:]) for row in cursor.fetchall()}
    missing = set(lanes) - set(states)
    if missing:
        raise UnknownCursor(
            f"{subscriber.name} has no cursor for lanes {sorted(missing)}: run manage.py sync_subscribers."
        )
    if any(state.fingerprint != subscriber.fingerprint for state in states.values()):
        raise UnknownCursor(
            f"The cursors of {subscriber.name} belong to other code (its types differ): deploy the same version"
            " everywhere and run manage.py sync_subscribers."
        )
    return states


def move(subscriber: Subscriber, lane: int, position: int, *, handled: int) -> None:
    """Move the cursor of one lane; see move_lanes."""
    move_lanes(subscriber, {lane: (position, handled)})


_MOVE = """
UPDATE event_cursor c SET position = m.position, handled = c.handled + m.handled, moved_at = now(), paused_until = NULL,
    pauses = 0, trial_at = NULL, suspect_until = CASE WHEN suspect_until > m.position THEN suspect_until END,
    suspect_position = NULL, suspect_attempts = 0
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[]) AS m (lane, position, handled)
WHERE c.subscriber = %s AND c.lane = m.lane
"""


def move_lanes(subscriber: Subscriber, moves: Mapping[int, tuple[int, int]]) -> None:
    """Move cursors (by lane: new position, events handled) and clear what was held against them: the lanes work."""
    positions = [position for position, _ in moves.values()]
    handled = [count for _, count in moves.values()]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [list(moves), positions, handled, subscriber.name])


def pause(subscriber: Subscriber, lane: int, seconds: float) -> None:
    """Leave the lane alone for a while: its handler fails whatever it is given."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET paused_until = now() + make_interval(secs => %s), pauses = least(pauses + 1, 1000)"
            " WHERE subscriber = %s AND lane = %s",
            [seconds, subscriber.name, lane],
        )


def begin_trials(subscriber: Subscriber, lanes: Sequence[int]) -> None:
    """Note, in a commit of its own, that a task woken by the relay begins: if it ends without a move, the relay sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET trial_at = clock_timestamp()"
            " WHERE subscriber = %s AND lane = ANY(%s) AND trial_at IS NULL",
            [subscriber.name, list(lanes)],
        )


def end_trials(subscriber: Subscriber, lanes: Sequence[int]) -> None:
    """Note that the trials ended by themselves, whether or not there was anything to do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET trial_at = NULL WHERE subscriber = %s AND lane = ANY(%s) AND trial_at IS NOT NULL",
            [subscriber.name, list(lanes)],
        )


def suspect(subscriber: Subscriber, lane: int, position: int, *, events: int) -> bool:
    """Have the next events of the lane handled one by one if it still stands there: one of them may kill its process.

    Returns whether it does; a trial that has ended meanwhile did not die.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET trial_at = NULL, suspect_until = (SELECT max(id) FROM ("
            " SELECT id FROM event_log WHERE lane = %(lane)s AND id > %(position)s ORDER BY id LIMIT %(events)s) e)"
            " WHERE subscriber = %(name)s AND lane = %(lane)s AND position = %(position)s AND trial_at IS NOT NULL",
            {"name": subscriber.name, "lane": lane, "position": position, "events": events},
        )
        return bool(cursor.rowcount)


def count_rescues(subscriber: Subscriber, lanes: Sequence[int]) -> None:
    """Count for each lane a wake-up that nobody but the relay made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE event_cursor SET rescued = rescued + 1 WHERE subscriber = %s AND lane = ANY(%s)",
            [subscriber.name, list(lanes)],
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


def hold(subscriber: Subscriber, lane: int) -> None:
    """Lock the cursor row until the transaction ends, without looking at it: nobody else handles the lane meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position FROM event_cursor WHERE subscriber = %s AND lane = %s FOR UPDATE", [subscriber.name, lane]
        )
