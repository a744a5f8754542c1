"""`python -m bench.crowd [SECONDS]`: a thousand people at once, 200 updates a second; one JSON object as the last line."""

import json
import time
from typing import Any

import psutil  # type: ignore[import-untyped]

from bench import arguments, world
from bench.load import Crowd
from diana.local.errors import LocalError
from diana.local.supervise import Stack

# One in twenty updates is a command, which is answered.
WARMING, CROWD = Crowd(1_000, 100, 20, 7), Crowd(1_000, 200, 20, 8)


def measure(here: Any, seconds: float) -> dict[str, Any]:
    """Return the percentiles under that load, and how much of a core each program took, in an instance that runs."""
    from bench import latency

    values = here.variables()
    door = (int(values["DOOR_PORT"]), values["TELEGRAM_WEBHOOK_SECRET"])
    latency.warm_up(*door, WARMING)
    before, started = cpu_seconds(here), time.monotonic()
    found: dict[str, Any] = {**latency.measure(*door, values["TELEGRAM_API_URL"], CROWD, seconds=seconds)}
    passed = time.monotonic() - started
    found["cores"] = {
        name: round((used - before.get(name, 0.0)) / passed, 2) for name, used in cpu_seconds(here).items()
    }
    return {"updates_per_second": CROWD.rate, "people": CROWD.people, **found}


def cpu_seconds(here: Any) -> dict[str, float]:
    """Return the CPU time so far of this process and of the instance's programs, those that ended left out."""
    totals = {"load": sum(psutil.Process().cpu_times()[:2])}
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            name = _program(line, process, str(here.directory))
            if name:
                totals[name] = totals.get(name, 0.0) + sum(process.cpu_times()[:2])
        except psutil.Error:
            continue
    return totals


PROGRAMS = {
    "config.web:": "web",
    "config.door:": "door",
    "--queues domain": "worker",
    "--queues telegram": "telegram",
    "manage.py relay": "relay",
    "diana.sandbox": "sandbox",
    "valkey-server": "valkey",
    "postgres": "postgres",
}


def _program(line: str, process: psutil.Process, directory: str) -> str | None:
    """Return which of the instance's programs the process belongs to, as its command line or its environment tells."""
    own = directory in line or directory in process.environ().get("DIANA_STATE_DIR", "")
    if not own and not (line.startswith("postgres: ") and directory in " ".join(process.parent().cmdline())):
        return None
    return next((name for part, name in PROGRAMS.items() if part in line), None)


def main() -> None:
    """Start an instance, load it, print what was measured."""
    seconds = arguments.one_number("bench.crowd", __doc__, "SECONDS", 180.0)
    here = world.instance()
    world.fresh_start(here)
    with Stack(here, procfile=world.without_watchers(here)):
        world.set_up_django(here)
        print(json.dumps(measure(here, seconds)))


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        raise SystemExit(str(error)) from error
