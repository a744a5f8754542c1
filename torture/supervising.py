"""A supervisor for what is to be killed: it starts the Procfile's commands, restarts what ends and notes every life."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
RESTART_SECONDS, LOOK_SECONDS = 0.2, 0.05


def procfile() -> dict[str, str]:
    """Return the Procfile's commands by name."""
    lines = [line for line in (ROOT / "Procfile").read_text().splitlines() if line and not line.startswith("#")]
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


@dataclass
class Life:
    """One run of a process, in seconds of the epoch."""

    pid: int
    started_at: float
    ended_at: float = 0.0
    code: int | None = None


@dataclass
class Supervised:
    """One process that is to run all the time. `next_life` is environment for its next start alone."""

    name: str
    command: str
    environment: Mapping[str, str]
    log: Path
    lives: list[Life] = field(default_factory=list)
    next_life: dict[str, str] = field(default_factory=dict)
    _popen: subprocess.Popen[bytes] | None = None
    _log_start: int = 0

    def start(self) -> None:
        """Start it in a session of its own."""
        extra, self.next_life = self.next_life, {}
        command = self.command
        if "FAILPOINT" in extra:
            command = command.replace("-A config", "-A torture.failpoints")
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=ROOT,
                env={**self.environment, **extra},
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.lives.append(Life(self._popen.pid, time.time()))

    @property
    def pid(self) -> int:
        """The id of the process, and of its group."""
        return self.lives[-1].pid

    def alive(self) -> bool:
        """Say whether it runs; note its end where it does not."""
        life = self.lives[-1]
        if self._popen is None or life.code is not None:
            return False
        code = self._popen.poll()
        if code is None:
            return True
        life.code, life.ended_at = code, time.time()
        return False

    def printed(self) -> str:
        """Return what its present life has printed."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def children(self) -> list[int]:
        """Return the ids of its children, oldest first."""
        with suppress(psutil.NoSuchProcess):
            return [child.pid for child in psutil.Process(self.pid).children(recursive=True)]
        return []

    def send(self, number: signal.Signals) -> None:
        """Signal the process itself."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def send_group(self, number: signal.Signals) -> None:
        """Signal it and its children, as when a machine loses power or is frozen."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def wait_end(self, seconds: float) -> bool:
        """Wait until this life has ended; say whether it did in time."""
        life, deadline = self.lives[-1], time.monotonic() + seconds
        while self.lives[-1] is life and self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


class Crew:
    """All processes of one world and the thread that restarts them."""

    def __init__(self) -> None:
        self.members: dict[str, Supervised] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="crew", daemon=True)

    def __getitem__(self, name: str) -> Supervised:
        return self.members[name]

    def add(self, member: Supervised) -> None:
        """Start a process and keep it running."""
        member.start()
        self.members[member.name] = member

    def watch(self) -> None:
        """Begin to restart what ends."""
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            for member in list(self.members.values()):
                if not member.alive() and time.time() - member.lives[-1].ended_at >= RESTART_SECONDS:
                    # Children of a process that was killed alone would work on beside the new one.
                    member.send_group(signal.SIGKILL)
                    member.start()

    def processes(self) -> dict[int, str]:
        """Return the ids of all processes and of their children, each with its member's name."""
        pids: dict[int, str] = {}
        for member in list(self.members.values()):
            if member.alive():
                pids |= dict.fromkeys((member.pid, *member.children()), member.name)
        return pids

    def restarts(self) -> int:
        """Return how often something had to be restarted."""
        return sum(len(member.lives) - 1 for member in self.members.values())

    def stop(self) -> None:
        """End everything for good, without ado: nothing here is to be kept."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        for member in self.members.values():
            member.send_group(signal.SIGKILL)
            member.wait_end(5)
