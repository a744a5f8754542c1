"""The waker: a thread of each process that turns commits into wake-ups, so that no request ever waits for Redis."""

import atexit
import contextlib
import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from redis.backoff import NoBackoff
from redis.retry import Retry

from diana import metrics
from diana.events import log, subscriptions, wakeups
from diana.events.connections import replace_connections
from diana.events.failures import describe
from diana.events.subscriptions import Hint, Wakes

logger = logging.getLogger(__name__)

EXPIRES_SECONDS = 60
FLUSH_SECONDS = 0.25
FIRST_LOOK, LAST_LOOK = 0.001, 0.05
# A publisher that is open for longer is the relay's business.
LOOKS_SECONDS = 5.0


class Task(NamedTuple):
    """A Celery task to be sent. Named `lanes` are worked on in any case, beside those whose flags are up."""

    subscriber: str
    lanes: list[int]
    hint: Hint


class _Look:
    """A lane whose next event lies above the bound: looked at again after 1 to 50 ms."""

    def __init__(self, position: int, hint: Hint) -> None:
        self.position, self.hint = position, hint
        self.delay = FIRST_LOOK
        self.at = time.monotonic() + self.delay
        self.until = time.monotonic() + LOOKS_SECONDS

    def postpone(self) -> None:
        """Look later, twice as late as the last time."""
        self.delay = min(self.delay * 2, LAST_LOOK)
        self.at = time.monotonic() + self.delay


class Waker:
    """Collects wake-ups, newest hint wins, and sends one task to each subscriber that has none on its way."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wakes: Wakes = {}
        self._unasked: list[Task] = []
        self._looks: dict[tuple[str, int], _Look] = {}
        # Until when a subscriber is not woken again: what comes meanwhile goes along with the next task.
        self._rests: dict[str, float] = {}
        self._busy = False
        self._connection: Any = None
        self._producer: Any = None
        self._thread = threading.Thread(target=self._run, name="diana-waker", daemon=True)
        self._thread.start()

    def notify(self, wakes: Wakes) -> None:
        """Wake these lanes soon; returns at once."""
        if not wakes:
            return
        with self._changed:
            self._wakes.update(wakes)
            self._changed.notify()

    def send_next(self, subscriber: str, lanes: Sequence[int], hint: Hint) -> None:
        """Send a task that names these lanes, whether or not one is on its way: their last one has not finished the work."""
        with self._changed:
            self._unasked.append(Task(subscriber, list(lanes), hint))
            self._changed.notify()

    def look_again(self, subscriber: str, lane: int, position: int, hint: Hint) -> None:
        """Wake the lane as soon as the event at this position is below the bound."""
        with self._changed:
            self._looks.setdefault((subscriber, lane), _Look(position, hint))
            self._changed.notify()

    def flush(self, seconds: float) -> None:
        """Wait until everything is sent, at most so long; nobody rests any more."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._rests.clear()
            self._changed.notify()
        while time.monotonic() < deadline and (self._wakes or self._unasked or self._busy):
            time.sleep(0.005)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._rested() or self._unasked or self._look_is_due()):
                    self._changed.wait(self._seconds_to_wait())
                wakes = self._rested()
                for key in wakes:
                    del self._wakes[key]
                    self._rests[key[0]] = time.monotonic() + settings.EVENTS_REST_SECONDS
                unasked, self._unasked = self._unasked, []
                self._busy = True
            try:
                wakes |= self._looked_safely()
                self._send(wakes, unasked)
            except wakeups.Unavailable as error:
                logger.warning("wake-ups are left to the relay: %s", error)
            except Exception:
                logger.exception("the waker failed; the relay will see to the lanes")
                replace_connections()
            self._busy = False

    def _look_is_due(self) -> bool:
        return any(look.at <= time.monotonic() for look in self._looks.values())

    def _rested(self) -> Wakes:
        """Return the wake-ups of subscribers that were not woken just now."""
        now = time.monotonic()
        return {key: hint for key, hint in self._wakes.items() if self._rests.get(key[0], 0.0) <= now}

    def _seconds_to_wait(self) -> float | None:
        """Return how long nothing will be due by itself; None if nothing is waited for."""
        times = [look.at for look in self._looks.values()] + [self._rests.get(name, 0.0) for name, _ in self._wakes]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _looked_safely(self) -> Wakes:
        """Return what _looked() does; where the database is away nothing, so that what else waits is sent. It looks again."""
        try:
            return self._looked()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("the log's bound could not be read: %s", describe(error))
            replace_connections()
            return {}

    def _looked(self) -> Wakes:
        """Return the lanes whose awaited event has come below the bound; forget those that waited too long."""
        with self._changed:
            due = {key: look for key, look in self._looks.items() if look.at <= time.monotonic()}
            for look in due.values():
                look.postpone()
            # Forgotten before the database is asked: it may be away for long.
            late = [key for key, look in due.items() if look.until < time.monotonic()]
            for key in late:
                del self._looks[key]
        if not due:
            return {}
        close_old_connections()
        bound = log.bound()
        with self._changed:
            ready = [key for key, look in due.items() if look.position <= bound]
            for key in ready:
                self._looks.pop(key, None)
        return {key: due[key].hint for key in [*ready, *late]}

    def _send(self, wakes: Wakes, unasked: list["Task"]) -> None:
        """Send one task for each subscriber that has none on its way; who fails to send takes that back."""
        for task in unasked:
            wakeups.keep_flags(task.subscriber, task.lanes)
        hints = {name: hint for (name, _), hint in wakes.items()}
        asked = [Task(name, [], hints[name]) for name in (wakeups.raise_flags(wakes) if wakes else ())]
        tasks = [*unasked, *asked]
        try:
            while tasks:
                self._send_task(tasks[0])
                tasks.pop(0)
        except wakeups.Unavailable:
            with contextlib.suppress(wakeups.Unavailable):
                wakeups.forget_sent([task.subscriber for task in tasks if not task.lanes])
            raise

    def _send_task(self, task: "Task") -> None:
        """Send the task; raises Unavailable when it could not be sent."""
        celery_task, queue = current_app.tasks[task.subscriber], subscriptions.subscriber(task.subscriber).queue
        try:
            wakeups.guarded(
                lambda: celery_task.apply_async(
                    args=(task.lanes, task.hint),
                    queue=queue,
                    producer=self._open_producer(),
                    expires=EXPIRES_SECONDS,
                    retry=False,
                )
            )
        except wakeups.Unavailable:
            metrics.wake_failed()
            self._close()
            raise
        metrics.wakes_sent()

    def _open_producer(self) -> Any:
        """Return the producer on this thread's own connection to the broker, whose calls are short or fail."""
        if self._producer is None:
            timeout = settings.EVENTS_REDIS_TIMEOUT_SECONDS
            # kombu, too, would try again by itself: a missing server would cost six seconds
            options = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "max_retries": 0}
            self._connection = current_app.connection_for_write(transport_options=options)
            channel: Any = self._connection.default_channel
            # redis-py would try again by itself, for seconds on a hung server
            channel.pool.connection_kwargs["retry"] = Retry(NoBackoff(), 0)
            self._producer = current_app.amqp.Producer(channel)
        return self._producer

    def _close(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.collapse()

    def warm_up(self) -> None:
        """Open the connections before the first event needs them; a missing Redis is no error."""
        with contextlib.suppress(Exception):
            wakeups.guarded(lambda: wakeups.client().ping())
            wakeups.guarded(self._open_producer)


_wakers: dict[int, Waker] = {}
_starting = threading.Lock()


def waker() -> Waker:
    """Return this process's waker, started at the first call; a forked child gets its own."""
    with _starting:
        found = _wakers.get(os.getpid())
        if found is None:
            _wakers.clear()
            found = _wakers[os.getpid()] = Waker()
        return found


def notify(wakes: Wakes) -> None:
    """Wake these lanes soon; returns at once. What is lost is found by the relay."""
    waker().notify(wakes)


@atexit.register
def flush_at_exit() -> None:
    """Send what is waiting, for a quarter of a second at most."""
    found = _wakers.get(os.getpid())
    if found is not None:
        found.flush(FLUSH_SECONDS)
