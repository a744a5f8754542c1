"""The whole of Diana on this machine: services, release, processes, each step waited for."""

import http.client
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from diana.local import ports, processes
from diana.local.errors import LocalError, tail
from diana.local.files import make_private_directory, private_log
from diana.local.instance import Instance
from diana.local.procfile import read_procfile
from diana.local.supervisord import Program, State, Supervisor

SERVERS, SANDBOX, APPLICATION = 10, 20, 30
SERVER_NAMES = ("postgres", "valkey")
# How updates come in: by one of these.
POLLER, DOOR = "poll", "door"
SANDBOX_COMMAND = (
    f"python -m diana.sandbox --port $SANDBOX_PORT --web http://{ports.LOOPBACK}:$PORT"
    f" --door http://{ports.LOOPBACK}:$DOOR_PORT"
    f" --flower http://{ports.LOOPBACK}:$FLOWER_PORT --django config.settings"
)
START_SECONDS = 120
STOP_SECONDS = 10
# A process that started this often while it is waited for will not come up by waiting.
HOPELESS_STARTS = 3

Report = Callable[[str, float], None]


def silent(_what: str, _seconds: float) -> None:
    """Report nothing."""


class Stack:
    """A context in which everything in the Procfile runs, under a supervisor that restarts what dies.

    Entering starts the services, runs the release and waits until the processes answer; if that fails, everything
    is stopped again. `report` gets each finished step and its seconds; `at` is what domain time is to be when the
    processes start. Enter it in the main thread: what runs ends with the thread that started it.
    """

    def __init__(
        self,
        instance: Instance,
        *,
        procfile: Path | None = None,
        report: Report = silent,
        at: datetime | None = None,
    ) -> None:
        self.instance = instance
        self.procfile = read_procfile(procfile or instance.root / "Procfile")
        self._report, self._at = report, at
        self._supervisor: Supervisor | None = None
        self._closing = ExitStack()
        # What a killed worker leaves goes with the next clean start; in /tmp it would stay.
        self._temporary = instance.directory / "tmp"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor, once the stack was started."""
        if self._supervisor is None:
            raise LocalError("The stack does not run: start() it first.")
        return self._supervisor

    def start(self) -> None:
        """Start everything and wait until it answers; the caller stops it also if this fails."""
        self._closing.enter_context(self.instance.alone())
        directory = self.instance.directory / "supervisor"
        self._supervisor = Supervisor(directory, working_directory=self.instance.root, logs=self.instance.logs)
        with self._step("clean start"):
            self._clear()
            make_private_directory(self._temporary)
        self._closing.callback(self._clear)
        with self._step("PostgreSQL and Valkey"):
            self._start_services()
        with self._step("release"):
            self.run_release()
        if self._at is not None:
            with self._step("clock"):
                self.run(f"python manage.py clock --to {self._at.isoformat()}", log="clock")
        with self._step("processes"):
            self._start_processes()

    def stop(self) -> None:
        """Stop the processes, then the sandbox, then the servers; nothing of them is left afterwards.

        What was not started, or was stopped, is left alone: it may be somebody else's by now.
        """
        with uninterrupted():
            self._closing.close()

    def environment(self) -> dict[str, str]:
        """Return the environment of the processes: this Python's programs come first."""
        given = self.instance.environment()
        path = f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}"
        return {**given, "PATH": path, "PYTHONUNBUFFERED": "1", "TMPDIR": str(self._temporary)}

    def run(self, command: str, *, log: str, keep_output: bool = True) -> str:
        """Run a line of shell in the environment of the processes and return what it printed.

        The log, its owner's alone, holds the errors and, unless that is a secret (`keep_output`), the output.
        """
        path = self.instance.logs / f"{log}.log"
        with private_log(path) as errors:
            result = subprocess.run(
                ["/bin/sh", "-c", f"exec {command}"],
                cwd=self.instance.root,
                env=self.environment() | self.supervisor.mark(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=False,
                start_new_session=True,
            )
            if keep_output:
                errors.write(result.stdout)
        if result.returncode:
            raise LocalError(f"`{command}` ended with status {result.returncode}.\n{tail(path)}")
        return result.stdout

    def run_release(self) -> None:
        """Run the Procfile's release line."""
        if self.procfile.release:
            self.run(self.procfile.release, log="release")

    def restarts(self) -> Iterator[tuple[str, State]]:
        """Yield each process whose state or process id has changed, for as long as supervisord lives."""
        known = self.supervisor.states()
        while self.supervisor.running():
            time.sleep(1)
            states = self.supervisor.states()
            yield from ((name, state) for name, state in states.items() if state != known.get(name))
            known |= states
        raise LocalError(f"supervisord was killed; what it left is being stopped.\n{tail(self.supervisor.log)}")

    def programs(self) -> list[Program]:
        """Return everything that runs, in the order of start."""
        return [
            *self._services(),
            *(
                Program(*row, APPLICATION, stop_seconds=STOP_SECONDS, waits=True)
                for row in self.procfile.processes.items()
                if row[0] != (DOOR if self.instance.polls else POLLER)
            ),
        ]

    def _services(self) -> Iterator[Program]:
        if postgres := self.instance.postgres:
            # The lowest rank of all: the truth is the last to go.
            yield Program(SERVER_NAMES[0], shlex.join(postgres.command()), SERVERS, 60, signal.SIGINT, marked=False)
        if valkey := self.instance.valkey:
            yield Program(SERVER_NAMES[1], shlex.join(valkey.command()), SERVERS + 1, stop_seconds=30, marked=False)
        if self.instance.has_sandbox:
            yield Program("sandbox", SANDBOX_COMMAND, SANDBOX, STOP_SECONDS)

    def _clear(self) -> None:
        self.supervisor.clear_leftovers()
        self.instance.end_services()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _start_services(self) -> None:
        servers = (self.instance.postgres, self.instance.valkey)
        for server in servers:
            if server:
                server.prepare()
        self.instance.settle_ports()
        self.instance.renew_page_token()
        self.instance.write_environment()
        self.supervisor.start(self.programs(), self.environment())
        for name, server in zip(SERVER_NAMES, servers, strict=True):
            if server:
                self._wait(name, server.ready)
        self.instance.prepare_databases()

    def _start_processes(self) -> None:
        self.supervisor.start_rank(APPLICATION)
        probes = self._probes(self.instance.environment())
        for program in self.programs():
            self._wait(program.name, probes.get(program.name, lambda: True))

    def _probes(self, environment: Mapping[str, str]) -> dict[str, processes.Condition]:
        return {
            "web": lambda: self._listens("web", environment["PORT"]) and is_healthy(int(environment["PORT"])),
            DOOR: lambda: self._listens(DOOR, environment["DOOR_PORT"]) and is_healthy(int(environment["DOOR_PORT"])),
            "flower": lambda: self._listens("flower", environment["FLOWER_PORT"]),
            "sandbox": lambda: self._listens("sandbox", environment["SANDBOX_PORT"]),
        }

    def _listens(self, name: str, port: str) -> bool:
        """Say whether this very process listens: a stranger may have taken the port since it was chosen."""
        state = self.supervisor.states().get(name)
        return state is not None and processes.listens(state.pid, int(port))

    def _wait(self, name: str, probe: processes.Condition) -> None:
        starts = set[int]()

        def state() -> str:
            if found := self.supervisor.states().get(name):
                starts.add(found.started)
            return found.name if found else ""

        processes.wait_until(
            # A server that answers is up; of the others supervisord says so once they have lived for a second.
            lambda: (state() == "RUNNING" or name in SERVER_NAMES) and probe(),
            what=name,
            log=self.instance.logs / f"{name}.log",
            seconds=START_SECONDS,
            failed=lambda: len(starts) >= HOPELESS_STARTS or not self.supervisor.running(),
            # The processes need the cores more than the question whether they are there.
            pause_seconds=0.1,
        )

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._report(what, time.monotonic() - began)


def is_healthy(port: int) -> bool:
    """Say whether the process at the port calls itself alive; no proxy of the environment is asked."""
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C and its kin, so that an impatient second one does not leave processes behind."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, signal.SIG_IGN) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
