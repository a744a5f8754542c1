"""The CPU seconds of a test run: what is counted, and when a run fails."""

import signal
import subprocess
import sys

import pytest

from tests.budget import BUDGET_SECONDS, REFERENCE_SECONDS, Usage, verdict
from tests.processes import ROOT

BURN = "import time\nwhile time.process_time() < 0.2: pass\n"
# A child, a daemon whose parents end long before it does, and one that does not end with the run: each burns as much.
FAMILY = f"""
import os, subprocess, sys
burn = {BURN!r}
exec(burn)
subprocess.run([sys.executable, "-c", burn], check=True)
read, write = os.pipe()
said = burn + f"import os; os.write({{write}}, b'.')\\n"
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        subprocess.run([sys.executable, "-c", said], check=True, pass_fds=[write])
    os._exit(0)
staying = said + "time.sleep(10)"
quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
subprocess.Popen([sys.executable, "-c", staying], **quiet, pass_fds=[write])
assert os.read(read, 1) + os.read(read, 1) == b".."
"""


def measure(code: str) -> tuple[int, float, int]:
    """Run the code as the runner runs pytest; return its status, its CPU seconds and how many processes still run."""
    script = (
        "import sys; from tests import budget; budget.ORPHANS_END_SECONDS = 4;"
        "status, usage = budget.run([sys.executable, '-c', sys.argv[1]]);"
        "print(status, usage.user + usage.system, len(usage.running))"
    )
    run = [sys.executable, "-c", script, code]
    output = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    status, seconds, running = output.split()
    return int(status), float(seconds), int(running)


def test_it_counts_every_descendant():
    status, seconds, running = measure(FAMILY)
    assert (status, running) == (0, 1)
    assert 0.8 <= seconds < 1.5


@pytest.mark.parametrize(("code", "status"), [("raise SystemExit(5)", 5), ("import os; os.kill(os.getpid(), 15)", 143)])
def test_the_status_is_that_of_the_run(code: str, status: int):
    assert measure(code)[0] == status


def test_a_signal_reaches_the_run():
    code = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(7)); print('ready', flush=True); time.sleep(60)"
    script = f"import sys; from tests import budget; print(budget.run([sys.executable, '-c', {code!r}])[0])"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "ready\n"
        runner.send_signal(signal.SIGTERM)
        assert runner.stdout.readline() == "7\n"


def used(seconds: float, *, slower: float = 1.0) -> Usage:
    """Return what a run used, on a machine that is so much slower than the reference."""
    return Usage(user=seconds * slower, loops=[REFERENCE_SECONDS * slower] * 3)


@pytest.mark.parametrize(
    ("usage", "status", "enforced", "expected"),
    [
        (used(BUDGET_SECONDS * 1.14), 0, True, 0),
        (used(BUDGET_SECONDS * 1.16), 0, True, 1),
        (used(BUDGET_SECONDS * 1.14, slower=3), 0, True, 0),
        (used(BUDGET_SECONDS * 1.16, slower=0.5), 0, True, 1),
        (used(BUDGET_SECONDS * 1.16), 0, False, 0),
        (used(1), 2, True, 2),
        (used(BUDGET_SECONDS * 1.16), 2, True, 2),
    ],
)
def test_a_passing_run_fails_above_the_tolerance(usage: Usage, status: int, enforced: bool, expected: int):
    assert verdict(status, usage, enforced=enforced) == expected
