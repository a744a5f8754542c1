"""Events per second from the log to committed entries, through Diana's real workers."""

import time

from django.db import connection

from bench.world import add_people, publish_messages

SUBSCRIBER = "gamification.award_points"


def measure(count: int) -> tuple[float, list[int]]:
    """Return events per second, from the commit of that many messages to the commit of the last entry; and the people.

    Everybody has an account before: opening one is not what is measured.
    """
    people = add_people()
    award(people, len(people))
    return count / award(people, count), people


def award(people: list[int], count: int) -> float:
    """Publish that many messages, wait for their entries; return the seconds between the two commits."""
    handled, entries = _handled(), _entries()
    publish_messages(people, count)
    started = time.monotonic()
    while _handled() < handled + count:
        if time.monotonic() - started > 120:
            raise SystemExit("the workers did not finish: see the logs of the instance")
        time.sleep(0.02)
    seconds = time.monotonic() - started
    if (found := _entries() - entries) != count:
        raise SystemExit(f"{found} entries instead of {count}")
    return seconds


def _handled() -> int:
    """Return how many events the subscriber has handled: its cursors count, so that looking costs the workers nothing."""
    return _number("SELECT sum(handled) FROM event_cursor WHERE subscriber = %s", SUBSCRIBER)


def _entries() -> int:
    return _number("SELECT count(*) FROM gamification_entry WHERE rule = %s", "message_sent")


def _number(query: str, parameter: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, [parameter])
        return int(cursor.fetchone()[0])
