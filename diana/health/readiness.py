"""How ready this deployment is: asked of PostgreSQL, Redis and the relay, each in bounded time.

A view of our own and not django-health-check: there a check passes or fails and one failure is a 500, while without
Redis, or with a late relay, everything is still accepted and nothing is lost. That is "degraded", and it is a 200.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Literal, NamedTuple, TypeVar

from django.conf import settings
from django.db import connection

from diana.events import overview, wakeups
from diana.metrics import gauges

logger = logging.getLogger(__name__)
T = TypeVar("T")

Status = Literal["ok", "degraded", "down"]
# So long an answer is given again: the address is open to everybody.
KEPT_SECONDS = 1.0
DATABASE_SECONDS, BUS_SECONDS = 1.0, 1.0


class ReadOnly(RuntimeError):
    """No transaction of the application may write."""

    def __init__(self) -> None:
        super().__init__(
            "the database takes no writes, it is a standby or default_transaction_read_only is on: let DATABASE_URL lead"
            " to the primary, or switch that setting off"
        )


class Readiness(NamedTuple):
    """The verdict, and why it is not better: for the log, not for whoever asks."""

    status: Status
    reasons: tuple[str, ...]


class Question(Generic[T]):
    """Something asked in a thread of its own, so that a server that hangs holds up that thread and no request."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="health")
        self._asked: Future[T] | None = None

    def answer(self, seconds: float) -> T:
        """Return the answer; raises TimeoutError where there is none in time, at once if the last one still hangs."""
        if self._asked is not None and not self._asked.done():
            seconds = 0.05
        else:
            self._asked = self._pool.submit(self._ask)
        return self._asked.result(seconds)


class Examiner:
    """Asks everybody, at most once a second, and tells the log when the answer changes."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._database = Question(_ask_database)
        self._bus = Question(_ask_bus)
        self._kept: tuple[float, Readiness] | None = None
        self._said: tuple[str, ...] = ()

    def readiness(self) -> Readiness:
        """Return how things stand, at most a second old, in about two seconds whatever hangs."""
        with self._asking:
            if self._kept is None or time.monotonic() - self._kept[0] > KEPT_SECONDS:
                self._kept = time.monotonic(), self._examine()
            found = self._kept[1]
            if found.reasons != self._said:
                logger.warning("readiness is %s: %s", found.status, ", ".join(found.reasons) or "everything answers")
                self._said = found.reasons
        return found

    def _examine(self) -> Readiness:
        try:
            self._database.answer(DATABASE_SECONDS)
        except ReadOnly as error:
            return Readiness("down", (str(error),))
        except Exception as error:
            return Readiness("down", (f"the database does not answer ({type(error).__name__})",))
        try:
            reasons = self._bus.answer(BUS_SECONDS)
        except Exception as error:
            reasons = [f"the bus cannot be read in time ({type(error).__name__})"]
        if not _redis_answers():
            reasons = [*reasons, "Redis does not answer"]
        return Readiness("degraded" if reasons else "ok", tuple(reasons))


def _ask_database() -> None:
    """Have a fresh connection say that its transactions may write: that one can be had is asked too. Raises ReadOnly."""
    connection.close()
    try:
        with connection.cursor() as cursor:
            # Also "on" on a standby, whatever default_transaction_read_only says.
            cursor.execute("SELECT current_setting('transaction_read_only') = 'off' AND NOT pg_is_in_recovery()")
            if not cursor.fetchone()[0]:
                raise ReadOnly
    finally:
        connection.close()


def _ask_bus() -> list[str]:
    """Return what is the matter with the bus, and with what the apps look after."""
    try:
        found = overview.recent()
        concerns = gauges.concerns()
    finally:
        connection.close()
    reasons = []
    seen = found.relay_seconds()
    if seen is None or seen > settings.HEALTH_RELAY_SECONDS:
        reasons.append("no relay is awake")
    if found.lag_seconds() > settings.HEALTH_LAG_SECONDS:
        reasons.append("events wait for too long")
    return reasons + concerns


def _redis_answers() -> bool:
    try:
        return bool(wakeups.guarded(lambda: wakeups.client().ping()))
    except wakeups.Unavailable:
        return False


examiner = Examiner()
