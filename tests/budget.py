"""Runs pytest, counts the CPU seconds of its whole process tree, and compares them with the budget of a whole run.

`python -m tests.budget` takes pytest's arguments. Decision 0032 says what the budget is for.
"""

import ast
import ctypes
import os
import resource
import signal
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from diana.local import processes

BUDGET_SECONDS = 880
# CPU seconds vary by some percent from run to run.
TOLERANCE = 1.15
# What the loop takes on the machine for which the budget was set, two cores of an AMD EPYC.
REFERENCE_SECONDS = 0.060
LOOP_ROUNDS = 4
LOOP_SOURCE = "\n".join(f"def f{n}(a, *, b={n}):\n    return [a + b, {{'key': (a, b, {n})}}]" for n in range(400))
SAMPLE_EVERY_SECONDS = 10
# Servers of the tests end when pytest does; this long they may take.
ORPHANS_END_SECONDS = 20
# Without this variable the figure is printed only: a part of the suite, or a busy machine, says nothing of the whole.
ENFORCED = "DIANA_TEST_BUDGET"
PR_SET_CHILD_SUBREAPER = 36
FORWARDED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def loop_seconds() -> float:
    """Return the CPU seconds of a fixed loop: the measure of this machine's speed at this moment.

    It makes and forgets many small objects, as tests do: on a busy machine that becomes slower by as much as they do,
    up to half, because every other process empties the caches; plain arithmetic does not.
    """
    started = time.process_time()
    for _ in range(LOOP_ROUNDS):
        for _ in ast.walk(ast.parse(LOOP_SOURCE)):
            pass
    return time.process_time() - started


@dataclass
class Usage:
    """The CPU seconds that a run took, and the durations of the loop during the run."""

    user: float = 0.0
    system: float = 0.0
    wall: float = 0.0
    loops: list[float] = field(default_factory=list)
    running: list[str] = field(default_factory=list)

    @property
    def normalised(self) -> float:
        """Return the CPU seconds that the run would have taken on the reference machine."""
        return (self.user + self.system) * REFERENCE_SECONDS / statistics.mean(self.loops)

    def within_budget(self) -> bool:
        """Say whether a whole run may take this much."""
        return self.normalised <= BUDGET_SECONDS * TOLERANCE

    def __str__(self) -> str:
        lines = [
            f"CPU {self.user + self.system:.0f} s (user {self.user:.0f}, system {self.system:.0f}) in {self.wall:.0f} s"
            f" · {self.normalised:.0f} s at the reference speed, of {BUDGET_SECONDS} for a whole run"
        ]
        if self.running:
            lines.append(f"still running: {', '.join(self.running)}")
        return "\n".join(lines)


def run(command: list[str]) -> tuple[int, Usage]:
    """Run the command; return its exit status and what it and all its descendants used, also those it left behind."""
    become_subreaper()
    usage, started = Usage(loops=[loop_seconds()]), time.monotonic()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, *FORWARDED])
    child = os.posix_spawnp(command[0], command, os.environ, setsigmask=[])
    status = None
    while status is None:
        arrived = signal.sigtimedwait([signal.SIGCHLD, *FORWARDED], SAMPLE_EVERY_SECONDS)
        if arrived is None:
            usage.loops.append(loop_seconds())
        elif arrived.si_signo in FORWARDED and arrived.si_pid:
            # A signal of the terminal has no sender, and has reached the child too.
            os.kill(child, arrived.si_signo)
        status = reap().get(child)
    wait_for_orphans()
    usage.wall = time.monotonic() - started
    count(usage)
    usage.loops.append(loop_seconds())
    code = os.waitstatus_to_exitcode(status)
    return (code if code >= 0 else 128 - code), usage


def become_subreaper() -> None:
    """Have descendants whose parent has ended, as servers do, become children of this process."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def reap() -> dict[int, int]:
    """Collect the children that have ended; return their statuses by process id."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        ended[pid] = status


def wait_for_orphans() -> None:
    """Wait for what the run has left behind and is about to end."""
    deadline = time.monotonic() + ORPHANS_END_SECONDS
    while psutil.Process().children() and time.monotonic() < deadline:
        time.sleep(0.05)
        reap()


def count(usage: Usage) -> None:
    """Add up what all that has ended used, and what still runs has used so far."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    usage.user, usage.system = ended.ru_utime, ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            usage.user += times.user + times.children_user
            usage.system += times.system + times.children_system
            usage.running.append(f"{process.name()} ({process.pid})")


def verdict(status: int, usage: Usage, *, enforced: bool) -> int:
    """Return the exit status of the whole: pytest's own, or 1 if the run passed but took too much."""
    return 1 if status == 0 and enforced and not usage.within_budget() else status


def main(arguments: list[str]) -> int:
    """Run pytest with the arguments, print what it used and return the exit status."""
    pytest = [sys.executable, "-m", "pytest", *arguments]
    status, usage = run([*processes.lifeline(signal.SIGTERM), *pytest])
    sys.stdout.write(f"{usage}\n")
    result = verdict(status, usage, enforced=bool(os.environ.get(ENFORCED)))
    if result != status:
        sys.stdout.write(
            f"More than {TOLERANCE:.0%} of the budget: make as much cheaper as was added (decision 0032).\n"
        )
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
