"""Processes that outlive a call: start, recognise, wait for and end them, and no others."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from diana.local.errors import LocalError, tail

Condition = Callable[[], bool]
LOG_LIMIT_BYTES = 10_000_000


def spawn(command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> int:
    """Start a process in a session of its own, both outputs appended to the log; return its id.

    Signals of the terminal do not reach it. It starts with default signal handling whatever this process ignores.
    """
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawnp(
        command[0],
        list(command),
        dict(os.environ if environment is None else environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE],
    )


def lifeline(name: signal.Signals) -> list[str]:
    """Return a prefix that has the kernel signal the command when its parent dies; empty where there is no setpriv.

    The kernel forgets the wish at a change of user: the prefix goes after those that make one.
    """
    return ["setpriv", "--pdeathsig", name.name.removeprefix("SIG"), "--"] if shutil.which("setpriv") else []


def find(pid_text: str, *, mark: str) -> psutil.Process | None:
    """Return the living process with this id if the mark stands in its command line: ids are used again."""
    if not pid_text.isdigit():
        return None
    try:
        process = psutil.Process(int(pid_text))
        return process if not is_gone(process) and mark in " ".join(process.cmdline()) else None
    except psutil.Error:
        return None


def marked(name: str, value: str) -> list[psutil.Process]:
    """Return the living processes in whose environment the variable has this value, but not this process."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(name) == value and not is_gone(process):
                found.append(process)
    return found


def listens(pid: int, port: int) -> bool:
    """Say whether the process or one below it listens on the TCP port."""
    try:
        above = psutil.Process(pid)
        family = [above, *above.children(recursive=True)]
        found = [connection for process in family for connection in process.net_connections(kind="tcp")]
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found)


def is_gone(process: psutil.Process) -> bool:
    """Say whether the process has ended; a zombie has, and one of ours is reaped.

    A zombie of several threads has not: while one of them waits for the disk, all its files and ports are still taken.
    """
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    try:
        return not process.is_running() or (process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)
    except psutil.NoSuchProcess:
        return True


def send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Signal each process that still lives."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def wait_gone(processes: Iterable[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Wait for the processes to end; return those that did not."""
    waiting = list(processes)
    deadline = time.monotonic() + seconds
    while (waiting := [process for process in waiting if not is_gone(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return waiting


def end(processes: Iterable[psutil.Process], *, seconds: float, first: signal.Signals = signal.SIGTERM) -> None:
    """Ask the processes to end, kill those that have not after the seconds."""
    processes = list(processes)
    send(processes, first)
    remaining = wait_gone(processes, seconds=seconds)
    send(remaining, signal.SIGKILL)
    if stuck := wait_gone(remaining, seconds=10):
        raise LocalError(
            f"Processes {[process.pid for process in stuck]} survive SIGKILL: the machine's disk may hang."
        )


def wait_until(
    ready: Condition,
    *,
    what: str,
    log: Path,
    seconds: float,
    failed: Condition = lambda: False,
    pause_seconds: float = 0.02,
) -> None:
    """Wait until something is ready; raise with the end of its log if it fails or takes too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        if failed():
            raise LocalError(f"{what} ended while starting.\n{tail(log)}")
        if time.monotonic() > deadline:
            raise LocalError(f"{what} is not ready after {seconds:.0f} s.\n{tail(log)}")
        time.sleep(pause_seconds)
