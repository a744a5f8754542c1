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
    publish_messages(people, len(people))
    wait_for(len(people))
    publish_messages(people, count)
    started = time.monotonic()
    wait_for(len(people) + count)
    return count / (time.monotonic() - started), people


def wait_for(entries: int) -> None:
    """Wait until the ledger has that many entries. The cursors count them, so that looking costs the workers nothing."""
    deadline = time.monotonic() + 120
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(handled) FROM event_cursor WHERE subscriber = %s", [SUBSCRIBER])
            if cursor.fetchone()[0] >= entries:
                break
        assert time.monotonic() < deadline, "the workers did not finish: see the logs of the instance"
        time.sleep(0.02)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gamification_entry")
        found = cursor.fetchone()[0]
    assert found == entries, f"{found} entries instead of {entries}"
