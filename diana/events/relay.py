"""The relay: twice a second it looks for lanes that nobody woke and for retries that are due; it drains by itself while
Redis is away, where no worker comes, and at once where none works. It works from the cursor table alone, so whatever was
lost on the way is found here.
"""

import logging
import math
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from diana import clock
from diana.events import cursors, deferring, delivery_claims, log, presence, retries, subscriptions, wakeups
from diana.events.connections import replace_connections
from diana.events.lanes import LANES
from diana.events.locks import held_by_others, lane_lock
from diana.events.subscriptions import Subscriber
from diana.events.waker import waker
from diana.events.work import BY_RELAY, work

logger = logging.getLogger(__name__)

# A lane that has not moved for so many passes although a trial began, with work below the bound, is suspect.
SUSPECT_PASSES = 2
SUSPECT_EVENTS = 500
# A lane that still stands after so many passes, wake-up or not, is drained here: the workers may hang at the broker.
LATE_PASSES = 2
# Where an event is older than that and nobody holds any lane, looked at a few times in a row, no worker works: the relay does
# alone. What comes in the next seconds it does at once, because no worker is woken for it.
ALONE_SECONDS = 1.0
LOOKS, BETWEEN_LOOKS_SECONDS = 3, 0.015
UNATTENDED_SECONDS = 5.0
SHORTEST_INTERVAL_SECONDS = 0.05
# Idle cursors are moved once that many foreign events lie before them.
IDLE_EVENTS = 200
# After an outage of Redis the workers need a moment to come back; so long the relay drains what is behind, and looks often.
RECOVERY_SECONDS = 30.0
RECOVERY_INTERVAL_SECONDS = 0.25
THREADS = 4

Lane = tuple[str, int]


class Behind(NamedTuple):
    """A lane with events above its cursor. `wanted`: the first that is the subscriber's; `upto`: how far was looked."""

    subscriber: Subscriber
    lane: int
    position: int
    wanted: int | None
    upto: int
    events: int
    on_trial: bool
    suspect: bool
    waited_seconds: float
    fingerprint: str


_BEHIND = """
SELECT c.lane, c.position, found.wanted, found.upto, found.events, c.trial_at IS NOT NULL,
    c.suspect_until IS NOT NULL,
    greatest(0, coalesce(extract(epoch FROM diana_now() - e.recorded_at), 0))::float, c.fingerprint
FROM event_cursor c CROSS JOIN LATERAL (
    SELECT min(id) FILTER (WHERE {wanted}) AS wanted, max(id) AS upto, count(*) AS events
    FROM (
        SELECT id, type{payload} FROM event_log
        WHERE lane = c.lane AND id > c.position AND id <= %(bound)s ORDER BY id LIMIT 1000
    ) AS ahead
) AS found LEFT JOIN event_log e ON e.id = found.wanted
WHERE c.subscriber = %(subscriber)s AND found.events > 0 AND (c.paused_until IS NULL OR c.paused_until <= now())
"""


def behind(subscriber: Subscriber) -> list[Behind]:
    """Return the lanes in which events lie between cursor and bound; at most 1000 of each lane are looked at.

    The rows themselves are read only where the subscription asks for fields; types stand in the index.
    """
    bound = log.bound()
    wanted, values = log.wanted_condition(subscriber)
    query = _BEHIND.format(wanted=wanted, payload=", payload" if subscriber.where else "")
    with connection.cursor() as cursor:
        cursor.execute(query, {**values, "bound": bound, "subscriber": subscriber.name})
        return [Behind(subscriber, *row) for row in cursor.fetchall()]


class Relay:
    """One relay process. Several at once are harmless: locks and flags keep them apart."""

    def __init__(self) -> None:
        self._stood: dict[Lane, tuple[int | None, int]] = {}
        self._draining: set[Lane] = set()
        self._changed = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="relay")
        self._away_until = 0.0
        self._unattended_until = 0.0
        self._next_due_seconds = 0.0
        # PostgreSQL's process ids of the sessions that drain here, by thread.
        self._sessions: dict[int, int] = {}
        self._stirred = threading.Event()
        self._ended = threading.Event()

    def run(self) -> None:
        """Make a pass each EVENTS_RELAY_INTERVAL_SECONDS until stop() is called; errors are logged and tried again. The first
        pass that succeeds is worth a line.
        """
        passed = False
        while not self._ended.is_set():
            started = time.monotonic()
            try:
                close_old_connections()
                self.pass_once()
                if not passed:
                    logger.info("relay ready.")
                passed = True
            except Exception:
                logger.exception("a pass of the relay failed")
                replace_connections()
            self._rest(started)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _rest(self, started: float) -> None:
        """Wait for the next pass: for the interval, until an event gets too old, or until work done here sets off more."""
        interval = RECOVERY_INTERVAL_SECONDS if self._recovering() else settings.EVENTS_RELAY_INTERVAL_SECONDS
        interval = min(interval, self._next_due_seconds)
        self._stirred.wait(max(SHORTEST_INTERVAL_SECONDS, interval - (time.monotonic() - started)))
        self._stirred.clear()

    def stop(self) -> None:
        """End after the current pass and the lanes under way."""
        self._ended.set()
        self._stirred.set()

    def pass_once(self) -> None:
        """Release what was deferred and look at every subscriber's lanes once."""
        presence.announce()
        self._look_for_redis()
        alone = self._recovering()
        deferring.release_due()
        due = {*retries.open_lanes(clock.real_now()), *delivery_claims.open_lanes(older_than_seconds=0 if alone else 1)}
        # What other code keeps is for the relay of that code.
        everything = {
            subscriber: [one for one in behind(subscriber) if one.fingerprint == subscriber.fingerprint]
            for subscriber in subscriptions.subscribers()
        }
        unattended = self._nobody_works(
            [one for found in everything.values() for one in found if _may_be_done_here(one)]
        )
        for subscriber, found in everything.items():
            standing = [one for one in found if self._stands_still(one, alone=alone)]
            lanes = {one.lane for one in standing} | {lane for lane in range(LANES) if (subscriber.name, lane) in due}
            late = lanes if alone else {one.lane for one in standing if self._is_late(one)}
            late |= {one.lane for one in found if unattended and _may_be_done_here(one)}
            # First, because a lane that is being drained here looks like one that somebody came to.
            if lanes and not alone:
                self._wake(subscriber, sorted(lanes), standing)
            if late:
                self._drain_here(subscriber, sorted(late))

    def _look_for_redis(self) -> None:
        """Ask Redis through the breaker; remember an outage for a while."""
        try:
            wakeups.guarded(lambda: wakeups.client().ping())
        except wakeups.Unavailable:
            self._away_until = time.monotonic() + RECOVERY_SECONDS

    def _recovering(self) -> bool:
        """Say whether Redis is away, or was just now."""
        return time.monotonic() < self._away_until

    def _nobody_works(self, waiting: list[Behind]) -> bool:
        """Say whether no worker takes what waits: it is too old, or was just now, and nobody holds a lane."""
        oldest = max((one.waited_seconds for one in waiting), default=0.0)
        self._next_due_seconds = ALONE_SECONDS - oldest if oldest < ALONE_SECONDS else math.inf
        looks = LOOKS
        if time.monotonic() < self._unattended_until:
            looks = 1
        elif oldest < ALONE_SECONDS or not waiting:
            return False
        for look in range(looks):
            time.sleep(BETWEEN_LOOKS_SECONDS if look else 0)
            if held_by_others(_internal_subscribers(), range(LANES), pids=list(self._sessions.values())):
                self._unattended_until = 0.0
                return False
        if waiting and oldest >= ALONE_SECONDS:
            self._unattended_until = time.monotonic() + UNATTENDED_SECONDS
        return True

    def _stands_still(self, found: Behind, *, alone: bool) -> bool:
        """Decide about a lane that is behind: say whether to see to it; move it if nothing in it is its own."""
        key = (found.subscriber.name, found.lane)
        wanted, passes = self._stood.get(key, (None, 0))
        # Not by its cursor, which may have rested for long before events that are not its own.
        passes = passes + 1 if wanted is not None and wanted == found.wanted else 0
        self._stood[key] = (found.wanted, passes)
        if found.wanted is None:
            if found.events >= IDLE_EVENTS:
                move_idle(found)
            return False
        if passes >= SUSPECT_PASSES and found.on_trial:
            suspect(found)
        return passes > 0 or alone

    def _is_late(self, found: Behind) -> bool:
        """Say whether nobody has come to the lane for long. Workers keep what may be deadly, and calls to the outside."""
        stood = self._stood[found.subscriber.name, found.lane][1]
        return stood >= LATE_PASSES and _may_be_done_here(found)

    def _wake(self, subscriber: Subscriber, lanes: list[int], standing: list[Behind]) -> None:
        """Wake the lanes by one task, or drain them here when it would not arrive; of several relays one sends, and counts."""
        try:
            if not wakeups.claim_relay(subscriber.name):
                return
            forgotten = [found.lane for found in standing if was_forgotten(found)]
            waker().send_next(subscriber.name, lanes, BY_RELAY)
            if forgotten:
                # The task that was on its way has not come: the next event is to send one again.
                wakeups.forget_sent([subscriber.name])
                cursors.count_rescues(subscriber, forgotten)
        except wakeups.Unavailable:
            self._drain_here(subscriber, lanes)

    def _drain_here(self, subscriber: Subscriber, lanes: list[int]) -> None:
        """Do the worker's job in threads of this process, one at a time for each lane."""
        with self._changed:
            free = {(subscriber.name, lane) for lane in lanes} - self._draining
            self._draining |= free
        for key in sorted(free):
            self._pool.submit(self._drain, key)

    def _drain(self, key: Lane) -> None:
        try:
            close_old_connections()
            self._sessions[threading.get_ident()] = _session_id()
            subscriber = subscriptions.subscriber(key[0])
            while work(subscriber, [key[1]], BY_RELAY, passes_on=False) == "more" and not self._ended.is_set():
                pass
        except Exception:
            logger.exception("the relay could not drain %s lane %s", *key)
            replace_connections()
        finally:
            with self._changed:
                self._draining.discard(key)
            if time.monotonic() < self._unattended_until:
                self._stirred.set()


def _may_be_done_here(found: Behind) -> bool:
    """Say whether it is work for a relay. What may be deadly and calls to the outside are for workers."""
    return found.wanted is not None and not (found.on_trial or found.suspect or found.subscriber.external)


def _internal_subscribers() -> list[str]:
    return [subscriber.name for subscriber in subscriptions.subscribers() if not subscriber.external]


def _session_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def move_idle(found: Behind) -> None:
    """Move a cursor past events that are not its own, so that nobody scans them again; does nothing if the lane is busy."""
    with lane_lock(found.subscriber.name, found.lane) as held:
        if not held:
            return
        with transaction.atomic():
            state = cursors.lock(found.subscriber, found.lane)
            if state.position == found.position:
                cursors.move(found.subscriber, found.lane, found.upto, handled=0)


def suspect(found: Behind) -> None:
    """Treat the lane as suspect unless somebody is at work in it."""
    with lane_lock(found.subscriber.name, found.lane) as held:
        if held and cursors.suspect(found.subscriber, found.lane, found.position, events=SUSPECT_EVENTS):
            logger.warning("%s lane %s stands still: its events go one by one", found.subscriber.name, found.lane)


def was_forgotten(found: Behind) -> bool:
    """Say whether nobody is about to work in the lane: its flag is down and its lock is free."""
    try:
        if wakeups.raised_flags(found.subscriber.name, [found.lane]):
            return False
    except wakeups.Unavailable:
        return False
    with lane_lock(found.subscriber.name, found.lane) as held:
        return held


def lanes_behind(names: Iterable[str] | None = None) -> list[Behind]:
    """Return every lane that has work for its subscriber."""
    chosen = [s for s in subscriptions.subscribers() if names is None or s.name in names]
    return [found for subscriber in chosen for found in behind(subscriber) if found.wanted is not None]
