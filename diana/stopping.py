"""Stops that come to an end: what still works or hangs when the time is up, or outlives its parent, is cut off."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable

from billiard.util import set_pdeathsig  # type: ignore[attr-defined]  # the stubs leave it out

logger = logging.getLogger(__name__)

# Hosts send SIGKILL after ten seconds or more.
SECONDS = 8.0


def end_within(seconds: float = SECONDS, *, children: Callable[[], Iterable[int]] = tuple) -> None:
    """End this process and the children whose ids the function returns, unless it has ended by itself by then."""
    timer = threading.Timer(seconds, _cut_off, [seconds, children])
    timer.daemon = True
    timer.start()


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, if multiprocessing started it; otherwise do nothing.

    A worker whose parent was killed would go on listening on its port, with old code and settings. SIGKILL, because in its
    first moments a forked worker has its parent's signal handlers. Linux only: other systems cannot.
    """
    if (parent := multiprocessing.parent_process()) is None:
        return
    with contextlib.suppress(OSError):
        set_pdeathsig(signal.SIGKILL)
    # The parent may have died before the kernel was asked.
    if os.getppid() != parent.pid:
        os._exit(1)


def _cut_off(seconds: float, children: Callable[[], Iterable[int]]) -> None:
    logger.warning("still at work %.0f s after it was told to stop: what was under way will come again", seconds)
    for pid in children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os._exit(1)
