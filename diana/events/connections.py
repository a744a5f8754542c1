"""Keeping a thread's database connections from one piece of work to the next, as long as they are alive."""

import threading
import time

from django.db import close_old_connections, connections

# A connection that was used so lately is taken to be alive: asking it costs a round trip.
RESTED_SECONDS = 5.0

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
