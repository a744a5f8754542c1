"""For tests: handles everything that is due the way a worker would, until nothing is left."""

from collections.abc import Sequence

from django.db import connection

from diana.events import deliveries, retries, subscriptions
from diana.events.drain import drain_lane
from diana.events.lanes import LANES
from diana.events.locks import lane_lock
from diana.events.subscriptions import Subscriber

# More rounds than any chain of causes has steps: two handlers that set each other off are found.
MAX_ROUNDS = 50


def drain(*names: str) -> int:
    """Handle all that is due for these subscribers (all if none is named) and what follows from it; return how much.

    The outside is told when nothing else is left to do. The real cursors, locks, failures and deliveries; only Celery's
    part, the carrying, is left out. Inside a
    test's transaction its own events are read too; external subscribers then need real commits (`committed_db`).
    """
    chosen = [s for s in subscriptions.subscribers() if not names or s.name in names]
    assert not (connection.in_atomic_block and any(s.external for s in chosen)), (
        "external subscribers need real commits: use committed_db"
    )
    total = 0
    for _ in range(MAX_ROUNDS):
        handled = _drain_inside(chosen) or _drain_all(chosen) + _drain_inside(chosen)
        total += handled
        if not handled:
            return total
    raise AssertionError(f"Still busy after {MAX_ROUNDS} rounds: do handlers set each other off?")


def _drain_inside(chosen: Sequence[Subscriber]) -> int:
    return _drain_all([subscriber for subscriber in chosen if not subscriber.external])


def _drain_all(chosen: Sequence[Subscriber]) -> int:
    return sum(_drain_one(subscriber, lane) for subscriber, lane in _not_at_rest(chosen))


_NOT_AT_REST = """
SELECT name, lane.lane
FROM unnest(%s::text[], %s::text[]) AS given (name, fingerprint)
    CROSS JOIN generate_series(0, %s) AS lane (lane)
    LEFT JOIN event_cursor c ON c.subscriber = name AND c.lane = lane.lane
WHERE c.id IS NULL OR c.fingerprint <> given.fingerprint
    OR c.position < (SELECT max(e.id) FROM event_log e WHERE e.lane = lane.lane)
    OR c.position > (SELECT last_value FROM event_log_id_seq)
    OR c.pauses > 0 OR c.suspect_until IS NOT NULL OR c.trial_at IS NOT NULL
    OR EXISTS (SELECT FROM event_failure f WHERE f.subscriber = name AND f.lane = lane.lane)
    OR EXISTS (SELECT FROM event_delivery d WHERE d.subscriber = name AND d.lane = lane.lane)
ORDER BY name, lane.lane
"""


def _not_at_rest(chosen: Sequence[Subscriber]) -> list[tuple[Subscriber, int]]:
    """Return where there is anything but a sound cursor at the end of its lane: the others need no look of their own."""
    names, fingerprints = [s.name for s in chosen], [s.fingerprint for s in chosen]
    with connection.cursor() as cursor:
        cursor.execute(_NOT_AT_REST, [names, fingerprints, LANES - 1])
        return [(subscriptions.subscriber(name), lane) for name, lane in cursor.fetchall()]


def _drain_one(subscriber: Subscriber, lane: int) -> int:
    with lane_lock(subscriber.name, lane) as held:
        assert held, f"somebody else works on {subscriber.name} lane {lane}"
        handled = 0
        while True:
            drained = drain_lane(subscriber, lane)
            handled += drained.handled
            if subscriber.external:
                deliveries.deliver(subscriber, [lane], drained.claims, seconds=30)
            if not drained.more:
                return handled


def open_failures() -> int:
    """Return how many failures wait for another try."""
    return sum(retries.open_failures(s, lane).count() for s in subscriptions.subscribers() for lane in range(LANES))
