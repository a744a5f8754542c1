"""The sensitivity run: each planted bug must be found by the judge, and each scenario must end clean without one.

`python -m torture.sensitivity CASES` is the process that has Diana loaded; it forks one child for each case, a few at a
time, because what is planted stays planted.
"""

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torture.judging import WRONG
from torture.servers import ROOT, TEMPLATE, Servers

CONTROL = "control"
AT_ONCE = 4
CONTROL_SECONDS, PLANTED_SECONDS, LONGEST_SECONDS = 40.0, 1.0, 120.0


@dataclass
class Sensitivity:
    """Which bugs were planted, which were found, and which scenarios were not clean without one."""

    names: list[str]
    found: int
    unclean: list[str]

    @property
    def ok(self) -> bool:
        """Whether every bug was found and nothing else."""
        return self.found == len(self.names) and not self.unclean


@dataclass(frozen=True)
class Case:
    """A scenario on a database of its own, with a bug or without."""

    scenario: str
    bug: str


def run(servers: Servers, say: Callable[[str], None], *, only: Sequence[str] = ()) -> Sensitivity:
    """Run all bugs and controls, or these bugs and their controls; print how each was found."""
    began = time.monotonic()
    listed = subprocess.run(
        [sys.executable, "-m", "torture.sensitivity", "list"],
        cwd=ROOT, env=servers.environment(TEMPLATE), check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    known: dict[str, dict[str, Any]] = json.loads(listed.stdout)
    names = list(only) or list(known)
    scenarios = sorted({known[name]["scenario"] for name in names})
    cases = [Case(scenario, CONTROL) for scenario in scenarios]
    cases += [Case(known[name]["scenario"], name) for name in names]
    outcomes = _in_process(servers, cases)
    unclean = [s for s, outcome in zip(scenarios, outcomes, strict=False) if outcome["count"] or outcome["error"]]
    for scenario, outcome in zip(scenarios, outcomes, strict=False):
        say(f"without a bug: {scenario}: wrong: {outcome['summary']} {outcome['error']}, {outcome['seconds']:.1f} s")
    found = 0
    for name, outcome in zip(names, outcomes[len(scenarios) :], strict=True):
        kinds = [kind for kind in known[name]["finds"] if outcome["counts"].get(kind)]
        found += bool(kinds)
        how = f"found: {outcome['summary']}" if kinds else f"NOT FOUND: {outcome['summary']} {outcome['error']}"
        say(f"planted {name} ({known[name]['meaning']}) -> {how}")
    say(
        f"planted bugs: {found} of {len(names)} found in {time.monotonic() - began:.0f} s; not clean: {unclean or 'none'}"
    )
    return Sensitivity(names, found, unclean)


def _in_process(servers: Servers, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Have the cases run by the process that has Diana loaded."""
    directory = servers.directory / "planted"
    directory.mkdir(exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        databases = list(pool.map(servers.clone, ["planted"] * len(cases)))
    asked = [
        {
            **case.__dict__,
            "database": databases[n],
            "url": servers.postgres.admin_url(databases[n]),
            "broker": 1 + n % 15,
            "answer": str(directory / f"{n}.json"),
        }
        for n, case in enumerate(cases)
    ]
    plan = directory / "plan.json"
    plan.write_text(json.dumps(asked))
    with (directory / "log").open("wb") as log:
        subprocess.run(
            [sys.executable, "-m", "torture.sensitivity", str(plan)],
            cwd=ROOT, env=servers.environment(TEMPLATE), check=True, stdout=log, stderr=log,
        )  # fmt: skip
    return [json.loads(Path(one["answer"]).read_text()) for one in asked]


def child(asked: dict[str, Any]) -> dict[str, Any]:
    """Run one case in this process and return what was found."""
    from django.conf import settings
    from django.db import connections

    from diana.sandbox.running import running_sandbox
    from torture.ground import Ground
    from torture.planted import BUGS
    from torture.scenarios import QUIET, SCENARIOS, WITHOUT_RELAY
    from torture.servers import TOKEN

    for alias in connections.settings:
        connections.settings[alias]["NAME"] = asked["database"]
    # The limits of the torture are for idle machines; here nobody is locked out.
    settings.DATABASE_LIMITS = {"lock_timeout": "10s"}
    settings.REDIS_URL = settings.REDIS_URL.rpartition("/")[0] + f"/{asked['broker']}"
    with running_sandbox(TOKEN) as sandbox:
        settings.TELEGRAM_API_URL = sandbox.url
        ground = Ground(asked["url"], sandbox, with_relay=asked["scenario"] not in WITHOUT_RELAY)
        if asked["bug"] != CONTROL:
            BUGS[asked["bug"]].plant(ground)
        scenario = SCENARIOS[asked["scenario"]]
        if asked["scenario"] in QUIET:
            ground.carry_nothing()
            scenario(ground)
        with ground.at_work():
            if asked["scenario"] not in QUIET:
                scenario(ground)
            findings = ground.judge(asked["patience"])
    return {
        "count": findings.count,
        "counts": {name: getattr(findings, name) for name in WRONG},
        "summary": findings.summary(),
        "notes": findings.notes[:4],
        "error": "",
        "seconds": ground.waited_seconds,
    }


def no_answer(error: str) -> dict[str, Any]:
    """Return what is known of a case that failed to run."""
    return {"count": 0, "counts": {}, "summary": "", "notes": [], "error": error, "seconds": 0.0}


def _fork(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        answer = child(asked)
    except BaseException as error:
        traceback.print_exc()
        answer = no_answer(f"{type(error).__name__}: {error}")
    Path(asked["answer"]).write_text(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


def main(argument: str) -> None:
    """List the bugs, or run the cases of a plan."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torture.settings")
    import django

    django.setup()
    from torture.planted import BUGS

    if argument == "list":
        print(
            json.dumps(
                {name: {"scenario": b.scenario, "finds": b.finds, "meaning": b.meaning} for name, b in BUGS.items()}
            )
        )
        return
    from apps.bot import answering
    from torture import scenarios

    assert answering is not None
    assert scenarios is not None
    plan = json.loads(Path(argument).read_text())
    controls = [asked for asked in plan if asked["bug"] == CONTROL]
    _run_all([asked | {"patience": CONTROL_SECONDS} for asked in controls])
    # What is lost is lost for good: a planted case has more time than the same scenario took without a bug.
    took = {asked["scenario"]: json.loads(Path(asked["answer"]).read_text())["seconds"] for asked in controls}
    planted = [asked for asked in plan if asked["bug"] != CONTROL]
    _run_all([asked | {"patience": PLANTED_SECONDS + 1.5 * took[asked["scenario"]]} for asked in planted])


def _run_all(waiting: list[dict[str, Any]]) -> None:
    """Run the cases, a few at a time."""
    running: dict[int, tuple[float, dict[str, Any]]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            asked = waiting.pop(0)
            running[_fork(asked)] = (time.monotonic(), asked)
        _reap(running)
        time.sleep(0.02)


def _reap(running: dict[int, tuple[float, dict[str, Any]]]) -> None:
    """Take note of children that ended; end those that take too long."""
    for pid, (began, asked) in list(running.items()):
        if time.monotonic() - began > LONGEST_SECONDS:
            os.kill(pid, 9)
            Path(asked["answer"]).write_text(json.dumps(no_answer("took too long")))
        if os.waitpid(pid, os.WNOHANG)[0]:
            del running[pid]
            if not Path(asked["answer"]).exists():
                Path(asked["answer"]).write_text(json.dumps(no_answer("ended without an answer")))


if __name__ == "__main__":
    main(sys.argv[1])
