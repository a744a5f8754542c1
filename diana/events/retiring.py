"""Retiring a subscriber: its cursors go, and everything that still waits for it is settled instead of waiting for ever."""

from django.db import connection

from diana.audit import Actor, record
from diana.events.models import Cursor, Failure

REASON = "retired"
RESOLUTION = f"discarded: {REASON}"

_SETTLE_DELIVERIES = """
WITH gone AS (
    DELETE FROM event_delivery WHERE subscriber = %(name)s RETURNING subscriber, lane, position, key, attempts
)
INSERT INTO event_failure (subscriber, lane, position, key, type, status, attempts, error, resolution)
SELECT gone.subscriber, gone.lane, gone.position, gone.key, coalesce(e.type, ''), 'discarded', gone.attempts, '', %(why)s
FROM gone LEFT JOIN event_log e ON e.id = gone.position
ON CONFLICT (subscriber, position) DO UPDATE SET status = excluded.status, resolution = excluded.resolution
"""


def retire(name: str) -> bool:
    """Give the subscriber up, in the caller's transaction; return whether there was anything of it. Twice is once.

    Failures that are open or dead, and deliveries, become discarded ones; a record says by whom and how many. Cursors go
    first: whoever is at work in a lane ends before, and what it has written down is seen here.
    """
    cursors, _ = Cursor.objects.filter(subscriber=name).delete()
    unsettled = Failure.objects.filter(
        subscriber=name, status__in=[Failure.Status.RETRYING, Failure.Status.HELD, Failure.Status.DEAD]
    )
    failures = unsettled.update(status=Failure.Status.DISCARDED, next_attempt_at=None, resolution=RESOLUTION)
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_DELIVERIES, {"name": name, "why": RESOLUTION})
        deliveries = int(cursor.rowcount)
    if not (cursors or failures or deliveries):
        return False
    after = {"failures_discarded": failures, "deliveries_discarded": deliveries}
    target = ("events.Subscriber", name)
    record(actor=Actor.command(), act="retire_subscriber", target=target, before=None, after=after, reason=REASON)
    return True
