"""`make calendar`: plays the demo at each moment, then runs the suite at three; ends with status 1 at the first that differs.

Logs are in .diana/calendar. `--demos` and `--suites` do one part, `--only N` one moment of the table.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from calendar_runs.moments import Moment, moments
from diana import clock

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".diana" / "calendar"
# These set the clock themselves, from where it really is.
NOT_MOVED = ("tests/clock", "tests/upgrade")


class Outcome(NamedTuple):
    """A line of the table."""

    what: str
    moment: Moment
    right: bool
    said: str
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is chosen and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m calendar_runs", description=__doc__)
    parser.add_argument("--demos", action="store_true", help="only the demos")
    parser.add_argument("--suites", action="store_true", help="only the suites")
    parser.add_argument("--only", type=int, metavar="N", help="only the moment of this number, from 1")
    chosen = parser.parse_args(arguments)
    numbered = [(n, moment) for n, moment in enumerate(moments(), 1) if chosen.only in (None, n)]
    LOGS.mkdir(parents=True, exist_ok=True)
    both = chosen.demos == chosen.suites
    runs = [(play_demo, moment) for _, moment in numbered if both or chosen.demos]
    runs += [(run_suite, moment) for _, moment in numbered if moment.suite and (both or chosen.suites)]
    for run, moment in runs:
        outcome = run(moment)
        _say(outcome)
        if not outcome.right:
            return 1
    return 0


def play_demo(moment: Moment) -> Outcome:
    """Play the demo at the moment; it is right if nothing is lost or doubled."""
    return _run("demo", moment, ["-m", "demo", "--at", moment.at.isoformat()], {}, _counts)


def run_suite(moment: Moment) -> Outcome:
    """Run the whole suite at the moment, with the test process itself moved there."""
    offset = int((moment.at - clock.real_now()).total_seconds())
    command = [
        "-m",
        "pytest",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "-p",
        "calendar_runs.moved_suite",
        *(f"--ignore={folder}" for folder in NOT_MOVED),
    ]
    return _run("suite", moment, command, {"CALENDAR_OFFSET_SECONDS": str(offset)}, lambda last: last)


def _run(
    what: str, moment: Moment, command: list[str], extra: Mapping[str, str], read: Callable[[str], str]
) -> Outcome:
    began, log = time.monotonic(), LOGS / f"{what}-{moment.at:%Y-%m-%dT%H%M}.log"
    with log.open("w") as output:
        ended = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=os.environ | extra, stdout=output, stderr=output, check=False
        )
    lines = log.read_text(errors="replace").splitlines() or [""]
    right = ended.returncode == 0
    said = read(lines[-1]) if right else f"{lines[-1]} (status {ended.returncode}, {log.relative_to(ROOT)})"
    return Outcome(what, moment, right, said, time.monotonic() - began)


def _counts(last: str) -> str:
    found = json.loads(last)
    return f"{found['events']} events, {found['entries']} entries, lost {found['lost']}, doubled {found['doubled']}"


def _say(outcome: Outcome) -> None:
    at = f"{outcome.moment.at:%a %Y-%m-%d %H:%M}"
    verdict = "right" if outcome.right else "WRONG"
    sys.stdout.write(
        f"{outcome.what:<6}{at:<22}{verdict:<6}{outcome.seconds:6.0f} s  {outcome.moment.what}: {outcome.said}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
