"""The end of a poller by SIGTERM or SIGINT: a wait is broken off, an update that is being kept is finished first."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from diana import stopping


class Stopped(Exception):
    """The process was told to end."""


class Stop:
    """Whether the process was told to end, from the moment of `install()` on; for the main thread."""

    def __init__(self) -> None:
        self._asked = self._waiting = False

    def install(self) -> None:
        """Take the signals over."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def check(self) -> None:
        """Raise Stopped if the process was told to end."""
        if self._asked:
            raise Stopped

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal raise Stopped within the block, wherever that is; nothing may be lost there."""
        self._waiting = True
        try:
            self.check()
            yield
        finally:
            self._waiting = False

    def sleep(self, seconds: float) -> None:
        """Sleep, or raise Stopped."""
        with self.waiting():
            time.sleep(seconds)

    def _ask(self, *_: Any) -> None:
        self._asked = True
        stopping.end_within()
        if self._waiting:
            self._waiting = False
            raise Stopped
