"""A Celery application for tests whose award handler fails in a chosen way when it meets a message of POISON characters.

`celery -A tests.faulty` behaves like `-A config` but for FAULT. `oom`: the pool's children may have no more than some
memory, and the handler wants more. `hang`: having written all effects it sleeps, once. `slow`: so does it, for three
seconds, and messages count as lost after one. `parent`: the process that forks uses the database before and after it.
"""

import os
import resource
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from celery.signals import worker_init, worker_process_init
from django.conf import settings

from config.celery import app

__all__ = ["POISON", "app"]

POISON = 666
ALLOWANCE_BYTES = 150 * 2**20
_FAULT = os.environ.get("FAULT", "")

if _FAULT == "slow":
    app.conf.task_acks_late = True
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "visibility_timeout": 1}


def _first_time() -> bool:
    """Say whether nobody has failed yet, in whatever process."""
    try:
        (Path(settings.STATE_DIR) / f"faulty-{_FAULT}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _fail() -> None:
    if _FAULT == "oom":
        bytearray(2 * ALLOWANCE_BYTES)
    elif _FAULT in ("hang", "slow") and _first_time():
        time.sleep(60 if _FAULT == "hang" else 3)


@worker_init.connect
def install(**_: Any) -> None:
    """Before the pool is forked: wrap the handling of events, make failed ones come again soon, keep the parent busy."""
    from django.db import connection

    from diana.events.subscriptions import Subscriber

    settings.EVENTS_BACKOFF_SECONDS, settings.EVENTS_MAX_ATTEMPTS = 0.1, 3
    handle = Subscriber.handle

    def faulty(self: Subscriber, envelopes: Sequence[Any]) -> None:
        handle(self, envelopes)
        if self.name == "gamification.award_points" and any(e.fields.get("length") == POISON for e in envelopes):
            _fail()

    Subscriber.handle = faulty  # type: ignore[method-assign]
    if _FAULT == "parent":
        connection.ensure_connection()  # this thread forks: its children inherit the socket
        threading.Thread(target=_use_the_database, daemon=True).start()


def _use_the_database() -> None:
    """Ask the database all the time, in the process that forks."""
    from django.db import connection

    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        time.sleep(0.02)


@worker_process_init.connect
def limit_memory(**_: Any) -> None:
    """In the child: no more memory than it has now and a little."""
    if _FAULT == "oom":
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + ALLOWANCE_BYTES, used + ALLOWANCE_BYTES))
