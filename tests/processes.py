"""Real processes of Diana for tests: the Procfile's own commands, in sessions of their own, ended with the test or, if
that is killed, with the thread that started them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from diana.local.processes import lifeline
from diana.redis_users import USERS
from tests.servers import servers

ROOT = Path(__file__).resolve().parent.parent
# What a test waits for at most before it says what is missing.
PATIENCE_SECONDS = 40


def procfile() -> dict[str, str]:
    """Return the Procfile's commands by name."""
    lines = [line for line in (ROOT / "Procfile").read_text().splitlines() if line and not line.startswith("#")]
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> float:
    """Wait for the condition and return the seconds it took; an AssertionError names what did not happen."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
    return time.monotonic() - started


class Process:
    """One running process with its children; its log is a file."""

    def __init__(self, name: str, command: str, log: Path, environment: Mapping[str, str]) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                [*lifeline(signal.SIGTERM), "/bin/sh", "-c", f"exec {command}"],
                cwd=ROOT,
                env=dict(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the process, which is also its group's."""
        return self._popen.pid

    def alive(self) -> bool:
        """Say whether it still runs."""
        return self._popen.poll() is None

    def text(self) -> str:
        """Return what it has printed."""
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL for it and all its children, as when a machine loses power."""
        self._signal(signal.SIGKILL)
        self._popen.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for what does not end within ten seconds."""
        if self.alive():
            self._popen.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(10)
        self._signal(signal.SIGKILL)
        self._popen.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, number)


class Processes:
    """The processes of one test. `environment` is theirs; it may be changed between starts."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = dict(os.environ) | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DIANA_STATE_DIR": str(directory),
            # What a killed worker leaves in it stays in the checkout.
            "TMPDIR": str(directory),
            "EVENTS_FEED": "true",
        }
        self.environment.pop("PYTEST_CURRENT_TEST", None)
        if self.environment.get("REDIS_URL") == servers.redis_variables()["REDIS_URL"]:
            self.environment |= servers.redis_variables()
        self._started: list[Process] = []

    def start(self, name: str, command: str | None = None, **environment: str) -> Process:
        """Start a process of the Procfile, or another command under a name of its own."""
        log = self.directory / f"{name}-{len(self._started)}.log"
        inherited = dict(self.environment)
        if "REDIS_URL" in environment:
            # One address for all kinds of processes.
            for user in USERS:
                inherited.pop(user.variable, None)
        process = Process(name, command or procfile()[name], log, inherited | environment)
        self._started.append(process)
        return process

    def start_worker(
        self, name: str = "worker", *, app: str = "config", arguments: str = "", **environment: str
    ) -> Process:
        """Start a worker of the Procfile, on another Celery application if need be, and wait until it takes tasks."""
        command = procfile()[name].replace("--app config", f"--app {app}").replace("-A config", f"-A {app}")
        process = self.start(name, f"{command} {arguments}", **environment)
        wait_until(lambda: " ready." in process.text() or not process.alive(), f"{name} to be ready")
        assert process.alive(), process.text()
        return process

    def logs(self) -> str:
        """Return the tails of all logs, for the message of a failing test."""
        return "\n".join(f"== {p.log.name}\n{p.text()[-3000:]}" for p in self._started)

    def stop(self) -> None:
        """End everything, newest first."""
        for process in reversed(self._started):
            process.stop()


@contextmanager
def running_processes(directory: Path) -> Iterator[Processes]:
    """Yield the processes of a test; on an error print their logs; end them in any case."""
    processes = Processes(directory)
    try:
        yield processes
    except BaseException:
        print(processes.logs())  # noqa: T201  # pytest shows it with the failure
        raise
    finally:
        processes.stop()
    refused = servers.redis_refusals()
    assert not refused, refused
