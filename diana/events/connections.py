"""Keeping a thread's database connections from one piece of work to the next, as long as they are alive."""

import threading
import time

from django.db import close_old_connections, connections

# A connection that was used so lately is taken to be alive: asking it costs a round trip.
RESTED_SECONDS = 5.0

_used = threading.local()


def freshen_connections() -> None:
    """Have this thread's connections prove themselves before their next use if they rested or saw an error."""
    now = time.monotonic()
    rested = now - getattr(_used, "at", 0.0) > RESTED_SECONDS
    if rested or any(found.errors_occurred for found in connections.all(initialized_only=True)):
        close_old_connections()
    _used.at = now


def freshen_before_request(**_: object) -> None:
    """Do so at the signal that a request begins."""
    freshen_connections()
