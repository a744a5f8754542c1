"""How long-running commands say on stderr how far they have come, and how they end when they are told to."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper


class Progress:
    """Prints a line at most once in a second."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._started = self._printed = time.monotonic()

    def show(self, percent: float, events: int) -> None:
        """Say how much is done and how fast it goes."""
        now = time.monotonic()
        if now - self._printed < 1:
            return
        self._printed = now
        self._out.write(f"{percent:5.1f} %  {events} events  {events / (now - self._started):.0f}/s")


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Have SIGTERM do inside what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
