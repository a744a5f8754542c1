"""For tests: handles everything that is due the way a worker would, until nothing is left."""

from django.db import connection

from diana.events import deliveries, retries, subscriptions
from diana.events.drain import drain_lane
from diana.events.lanes import LANES
from diana.events.locks import lane_lock

# More rounds than any chain of causes has steps: two handlers that set each other off are found.
MAX_ROUNDS = 50


def drain(*names: str) -> int:
    """Handle all that is due for these subscribers (all if none is named) and what follows from it; return how much.

    The real cursors, locks, failures and deliveries; only Celery's part, the carrying, is left out. Inside a
    test's transaction its own events are read too; external subscribers then need real commits (`committed_db`).
    """
    chosen = [s for s in subscriptions.subscribers() if not names or s.name in names]
    total = 0
    for _ in range(MAX_ROUNDS):
        handled = sum(_drain_one(subscriber, lane) for subscriber in chosen for lane in range(LANES))
        total += handled
        if not handled:
            return total
    raise AssertionError(f"Still busy after {MAX_ROUNDS} rounds: do handlers set each other off?")


def _drain_one(subscriber: subscriptions.Subscriber, lane: int) -> int:
    with lane_lock(subscriber.name, lane) as held:
        assert held, f"somebody else works on {subscriber.name} lane {lane}"
        assert not (subscriber.external and connection.in_atomic_block), (
            "external subscribers need real commits: use committed_db"
        )
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
