"""One supervisord and the processes under it: configuration, control, and clearing up after one that was killed."""

import hashlib
import os
import resource
import secrets
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Error as RpcError
from xmlrpc.client import ServerProxy

import psutil  # type: ignore[import-untyped]
from supervisor.xmlrpc import SupervisorTransport

from diana.local import processes
from diana.local.errors import LocalError
from diana.local.files import make_private_directory, read_text, write_private

# supervisord binds a longer, temporary name beside it, and the kernel takes 107 bytes.
SOCKET_PATH_LIMIT = 85
MARK = "DIANA_STACK"
# supervisord cannot quote these two; it reads them from its environment.
COMMENTS = {"DIANA_NUMBER_SIGN": "#", "DIANA_SEMICOLON": ";"}
OPEN_FILES = 1024
STOP_SECONDS = 120
LEFTOVER_SECONDS = 10
NO_ANSWER = (OSError, RpcError, HTTPException)


@dataclass(frozen=True)
class Program:
    """One process: `command` is a line of shell, already quoted; higher ranks start later and stop earlier.

    Programs of one rank stop together. `waits` keeps it down until `start_rank` is called. A server that is found
    through its own directory is not `marked`, so that clearing up leaves its orderly stop to its owner.
    """

    name: str
    command: str
    rank: int
    stop_seconds: int
    stop_signal: signal.Signals = signal.SIGTERM
    waits: bool = False
    marked: bool = True


@dataclass(frozen=True)
class State:
    """What supervisord says of one process: its state's name, process id (0 for none) and time of the last start."""

    name: str
    pid: int
    started: int


class Supervisor:
    """The supervisord of one directory; everything under it is found again after it was killed."""

    def __init__(self, directory: Path, *, working_directory: Path, logs: Path) -> None:
        self.directory = make_private_directory(directory)
        self.log = logs / "supervisord.log"
        self._logs = logs
        self._working_directory = working_directory
        self._configuration = directory / "supervisord.conf"
        self._pidfile = directory / "supervisord.pid"
        self._markfile = directory / "mark"
        self._passwordfile = directory / "password"
        self._socket = socket_path(directory)

    def start(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        """Start supervisord and the programs that do not wait; `clear_leftovers` must have run.

        supervisord ends with the thread that calls this, which should be the main one.
        """
        write_private(self._markfile, secrets.token_hex(16))
        write_private(self._passwordfile, secrets.token_hex(16))
        write_private(self._configuration, self.configuration(programs))
        for program in programs:
            write_private(self._script(program), script(program))
        make_socket_directory(self._socket.parent)
        self._socket.unlink(missing_ok=True)
        supervisord = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._configuration)]
        command = [*processes.lifeline(signal.SIGTERM), *supervisord]
        variables = {**environment, **self.mark(), **COMMENTS}
        out = self._logs / "supervisord.out"
        pid = processes.spawn(command, log=out, environment=variables)
        started = psutil.Process(pid)
        processes.wait_until(
            self.answers, what="supervisord", log=out, seconds=20, failed=lambda: processes.is_gone(started)
        )

    def stop(self) -> None:
        """Stop the highest rank first, then supervisord, then whatever escaped it."""
        if process := self._process():
            processes.end([process], seconds=STOP_SECONDS)
        self._end_marked()
        self._socket.unlink(missing_ok=True)
        if self._socket.parent != self.directory and self._socket.parent.exists():
            self._socket.parent.rmdir()

    def clear_leftovers(self) -> None:
        """End what a killed supervisord or launcher left; only what carries this directory's mark is touched."""
        self.stop()
        self._markfile.unlink(missing_ok=True)

    def mark(self) -> dict[str, str]:
        """Return the variable by which a process is known to belong here."""
        return {MARK: read_text(self._markfile)}

    def running(self) -> bool:
        """Say whether supervisord lives."""
        return self._process() is not None

    def answers(self) -> bool:
        """Say whether supervisord takes commands."""
        with suppress(*NO_ANSWER), self._control() as control:
            return bool(control.getState()["statename"] == "RUNNING")
        return False

    def start_rank(self, rank: int) -> None:
        """Start the programs of a rank that were told to wait."""
        with self._control() as control:
            control.startProcessGroup(f"rank{rank}", False)

    def stop_program(self, name: str) -> None:
        """Stop one program and leave it stopped; returns when it has ended."""
        with self._control() as control:
            control.stopProcess(self._qualified(control, name), True)

    def start_program(self, name: str) -> None:
        """Start one program that was stopped; returns when it runs."""
        with self._control() as control:
            control.startProcess(self._qualified(control, name), True)

    @staticmethod
    def _qualified(control: Any, name: str) -> str:
        [group] = [row["group"] for row in control.getAllProcessInfo() if row["name"] == name]
        return f"{group}:{name}"

    def states(self) -> dict[str, State]:
        """Return the state of each process by its name; nothing while supervisord does not answer."""
        with suppress(*NO_ANSWER), self._control() as control:
            rows: list[dict[str, Any]] = control.getAllProcessInfo()
            return {row["name"]: State(row["statename"], row["pid"], row["start"]) for row in rows}
        return {}

    def configuration(self, programs: Sequence[Program]) -> str:
        """Return supervisord's configuration; it holds no secret but the password of its own socket."""
        ranks = sorted({program.rank for program in programs})
        sections = [
            *self._control_sections(),
            *(self._program_section(program) for program in programs),
            *(_rank_section(rank, [program.name for program in programs if program.rank == rank]) for rank in ranks),
        ]
        return "\n\n".join(_section(title, values) for title, values in sections) + "\n"

    def _control_sections(self) -> list[tuple[str, dict[str, object]]]:
        socket = {"file": self._socket, "chmod": "0700", "username": "diana", "password": read_text(self._passwordfile)}
        supervisord: dict[str, object] = {
            "nodaemon": "true",
            "pidfile": self._pidfile,
            "logfile": self.log,
            "logfile_maxbytes": "10MB",
            "logfile_backups": 3,
            # Its default is TMPDIR, which it takes without escaping.
            "childlogdir": self._logs,
            "umask": "077",
            "minfds": open_files(),
        }
        if os.geteuid() == 0:
            supervisord["user"] = "root"
        interface: dict[str, object] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        return [("supervisord", supervisord), ("unix_http_server", socket), ("rpcinterface:supervisor", interface)]

    def _program_section(self, program: Program) -> tuple[str, dict[str, object]]:
        return f"program:{program.name}", {
            "command": f"/bin/sh {shlex.quote(str(self._script(program)))}",
            "directory": self._working_directory,
            "autostart": str(not program.waits).lower(),
            "autorestart": "true",
            "startsecs": 1,
            # It waits one second more before each try; giving up would leave Diana without a part.
            "startretries": 1_000_000,
            "stopsignal": program.stop_signal.name.removeprefix("SIG"),
            "stopwaitsecs": program.stop_seconds,
            # The first signal goes to the parent alone, which ends its children in order; the last one to all.
            "killasgroup": "true",
            "redirect_stderr": "true",
            # supervisord expands this value twice, every other one once.
            "stdout_logfile": escaped(self._logs / f"{program.name}.log"),
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": 3,
        }

    def _script(self, program: Program) -> Path:
        return self.directory / f"{program.name}.sh"

    @contextmanager
    def _control(self) -> Iterator[Any]:
        transport = SupervisorTransport("diana", read_text(self._passwordfile), f"unix://{self._socket}")
        with ServerProxy("http://localhost", transport=transport) as proxy:
            yield proxy.supervisor

    def _process(self) -> psutil.Process | None:
        return processes.find(read_text(self._pidfile), mark=str(self._configuration))

    def _end_marked(self) -> None:
        if mark := read_text(self._markfile):
            deadline = time.monotonic() + LEFTOVER_SECONDS
            # A process may start another while it is being ended.
            while left := processes.marked(MARK, mark):
                processes.end(left, seconds=max(0.0, deadline - time.monotonic()))


def script(program: Program) -> str:
    """Return the shell script of a program: a file of its own needs no quoting for supervisord."""
    if not program.marked:
        return f"unset {MARK}; exec {program.command}\n"
    return " ".join(["exec", *processes.lifeline(program.stop_signal), program.command]) + "\n"


def socket_path(directory: Path) -> Path:
    """Return where the socket goes: into the directory, or under the system's temporary one if the path is too long."""
    path = directory / "supervisor.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"diana-{os.geteuid()}-{digest}" / path.name


def make_socket_directory(directory: Path) -> None:
    """Make the directory of the socket; in a place that everybody may write to, refuse one that is not ours alone."""
    found = make_private_directory(directory).lstat()
    if found.st_uid != os.geteuid() or directory.is_symlink() or found.st_mode & 0o077:
        raise LocalError(f"{directory} belongs to somebody else or is open to others: remove it, or set TMPDIR.")


def escaped(value: object) -> str:
    """Return the text for supervisord's configuration, in which % begins a variable, # and ; a comment."""
    text = str(value).replace("%", "%%")
    for name, character in COMMENTS.items():
        text = text.replace(character, f"%(ENV_{name})s")
    return text


def open_files() -> int:
    """Return how many open files supervisord must have: the machine may allow fewer than it asks for by itself."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return OPEN_FILES if allowed == resource.RLIM_INFINITY else min(OPEN_FILES, allowed)


def _rank_section(rank: int, names: Sequence[str]) -> tuple[str, dict[str, object]]:
    return f"group:rank{rank}", {"programs": ",".join(names), "priority": rank}


def _section(title: str, values: Mapping[str, object]) -> str:
    return "\n".join([f"[{title}]", *(f"{key}={escaped(value)}" for key, value in values.items())])
