"""A stop that comes to an end: what still works or hangs when the time is up is cut off, its transaction rolls back."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable

logger = logging.getLogger(__name__)

# Hosts send SIGKILL after ten seconds or more.
SECONDS = 8.0


def end_within(seconds: float = SECONDS, *, children: Callable[[], Iterable[int]] = tuple) -> None:
    """End this process and the children whose ids the function returns, unless it has ended by itself by then."""
    timer = threading.Timer(seconds, _cut_off, [seconds, children])
    timer.daemon = True
    timer.start()


def _cut_off(seconds: float, children: Callable[[], Iterable[int]]) -> None:
    logger.warning("still at work %.0f s after it was told to stop: what was under way will come again", seconds)
    for pid in children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os._exit(1)
