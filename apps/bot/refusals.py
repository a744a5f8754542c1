"""Counts of refused requests. Strangers can make any number of them: a process that gathers writes once a second at most."""

import logging
import threading
from collections import Counter
from datetime import date, datetime

from django.db import DatabaseError, InterfaceError, connections

from apps.bot import services
from apps.bot.models import Refusal
from diana.events.connections import freshen_connections

logger = logging.getLogger(__name__)

WRITE_SECONDS, END_SECONDS = 1.0, 5.0


class Gatherer:
    """Counts in memory and writes all of it by one statement, in a thread of its own.

    A process that is killed loses the counts of its last second. While the database is away they are kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[tuple[Refusal.Reason, date]] = Counter()
        self._there, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="refusals", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end; a database that hangs is not waited for longer than END_SECONDS."""
        self._ending.set()
        self._there.set()
        self._thread.join(END_SECONDS)

    def count(self, reason: Refusal.Reason, *, now: datetime) -> None:
        """Count a refusal."""
        with self._lock:
            self._waiting[reason, now.date()] += 1
        self._there.set()

    def write(self) -> None:
        """Write what was counted so far; without a database it is kept."""
        with self._lock:
            counts, self._waiting = self._waiting, Counter()
        if not counts:
            return
        try:
            services.count_refusals(counts)
        except (DatabaseError, InterfaceError):
            logger.warning("%d refusals could not be counted yet", counts.total())
            with self._lock:
                self._waiting.update(counts)
            self._there.set()

    def _run(self) -> None:
        while not self._ending.is_set():
            self._there.wait()
            self._there.clear()
            freshen_connections()
            self.write()
            self._ending.wait(WRITE_SECONDS)
        self.write()
        connections.close_all()


_gatherer: Gatherer | None = None


def gather() -> Gatherer:
    """Have this process gather refusals from now on; the caller stops the gatherer at the end."""
    global _gatherer
    _gatherer = Gatherer()
    _gatherer.start()
    return _gatherer


def count(reason: Refusal.Reason, *, now: datetime) -> None:
    """Count the refusal; what must be refused is refused without a database too."""
    if _gatherer is not None:
        _gatherer.count(reason, now=now)
        return
    try:
        services.count_refusal(reason, now=now)
    except (DatabaseError, InterfaceError):
        logger.warning("a refusal (%s) could not be counted", reason)
