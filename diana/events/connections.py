"""Keeping a thread's database connections from one piece of work to the next, as long as they are alive."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import close_old_connections, connection, connections

from diana.events.failures import is_transient

T = TypeVar("T")

# A connection that was used so lately is taken to be alive: asking it costs a round trip.
RESTED_SECONDS = 5.0
# What was done outside is recorded with patience: a restart of PostgreSQL takes about a second.
INSISTED_SECONDS, INSIST_WAIT_SECONDS = 2.0, 0.05

_used = threading.local()


def freshen_connections() -> None:
    """Have this thread's connections prove themselves before their next use if they rested; replace those that saw an error.

    A session may answer and still be of no use: its prepared statements may be stale, its server read-only since.
    """
    if any(found.errors_occurred for found in connections.all(initialized_only=True)):
        replace_connections()
    now = time.monotonic()
    if now - getattr(_used, "at", 0.0) > RESTED_SECONDS:
        close_old_connections()
    _used.at = now


def insist(function: Callable[[], T]) -> T:
    """Call what may be done twice until the database takes it, each time by a new connection, for INSISTED_SECONDS.

    Raises at once what is not the database's trouble, and everything inside a transaction, whose beginning is lost.
    """
    until = time.monotonic() + INSISTED_SECONDS
    while True:
        try:
            return function()
        except Exception as error:
            if not is_transient(error) or connection.in_atomic_block or time.monotonic() >= until:
                raise
        connection.close()
        time.sleep(INSIST_WAIT_SECONDS)


def replace_connections(**_: object) -> None:
    """Close this thread's connections after an error; the next statement opens new ones. A commit in between would hide
    the error from freshen_connections().
    """
    for found in connections.all(initialized_only=True):
        if not found.in_atomic_block:
            found.close()


def freshen_before_request(**_: object) -> None:
    """Do so at the signal that a request begins."""
    freshen_connections()
