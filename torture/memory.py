"""How much the processes grow: what each holds now minus what it held after its first minute."""

import threading
import time
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

from torture.supervising import Crew

LOOK_SECONDS = 1.0
MIB = 1024 * 1024


class Memory:
    """Looks at every process once a second. One that did not live for `settled_seconds` is not measured."""

    def __init__(self, crew: Crew, *, settled_seconds: float) -> None:
        self._crew, self._settled = crew, settled_seconds
        self._first: dict[int, int] = {}
        self._most: dict[int, tuple[int, str]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    @property
    def growth_mib(self) -> float:
        """The largest growth of a process."""
        return max((held - self._first[pid] for pid, (held, _) in self._most.items()), default=0) / MIB

    @property
    def largest(self) -> str:
        """Whose it was."""
        if not self._most:
            return "no process lived long enough"
        pid = max(self._most, key=lambda pid: self._most[pid][0] - self._first[pid])
        return self._most[pid][1]

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for pid, name in self._crew.processes().items():
                with suppress(psutil.Error):
                    self._look(psutil.Process(pid), name)

    def _look(self, process: psutil.Process, name: str) -> None:
        if time.time() - process.create_time() < self._settled:
            return
        held = process.memory_info().rss
        self._first.setdefault(process.pid, held)
        self._most[process.pid] = (held, name)
