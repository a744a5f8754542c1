"""`python -m bench`: measures everything in one run and prints one JSON object as its last line."""

import json
import subprocess
import sys
import time
from typing import Any

from bench import arguments, world
from bench.load import Crowd
from diana.local.errors import LocalError
from diana.local.supervise import Stack

MESSAGES, ACTS = 40_000, 40_000
TEXTBOOK_TASKS = 1_500
LATENCY_SECONDS, QUIET_SECONDS = 20.0, 8.0
# Forty people; every fifth update is a command.
WARMING, QUIET, BUSY = Crowd(40, 20, 5, 1), Crowd(40, 10, 5, 2), Crowd(40, 50, 5, 3)


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"  {text}", flush=True)


def main() -> None:
    """Run every measurement on servers of its own."""
    arguments.no_arguments("bench", __doc__)
    started = time.monotonic()
    here = world.instance()
    result: dict[str, Any] = {}
    print("make bench: PostgreSQL, Valkey, web, the door, workers, relay and sandbox on this machine, fsync on")
    world.fresh_start(here)
    procfile = world.without_watchers(here)
    with Stack(here, procfile=procfile, report=lambda what, seconds: say(f"{what}: {seconds:.1f} s")):
        world.set_up_django(here)
        result |= diana_figures(here)
        result |= others(here)
    result["seconds"] = round(time.monotonic() - started, 1)
    result["events_to_raw"] = round(result["events_per_second"] / result["raw_per_second"], 2)
    result["events_to_textbook"] = round(result["events_per_second"] / result["textbook_per_second"], 1)
    print(json.dumps(result))


def diana_figures(here: Any) -> dict[str, Any]:
    """Measure Diana as it runs."""
    from django.db import connection

    from bench import awards, batches, latency, publishing, throughput
    from bench import people as people_figures

    values = here.variables()
    rate, people = throughput.measure(MESSAGES)
    say(f"events from log to entries: {rate:.0f}/s")
    world.wait_until_at_rest()
    door = (int(values["DOOR_PORT"]), values["TELEGRAM_WEBHOOK_SECRET"])
    latency.warm_up(*door, WARMING)
    quiet = latency.measure(*door, values["TELEGRAM_API_URL"], QUIET, seconds=QUIET_SECONDS)
    say(f"latency at 10 updates a second: {json.dumps(quiet)}")
    found: dict[str, Any] = {**latency.measure(*door, values["TELEGRAM_API_URL"], BUSY, seconds=LATENCY_SECONDS)}
    say(f"latency at 50 updates a second: {json.dumps(found)}")
    found["at_10_a_second"] = quiet
    found["events_per_second"] = round(rate)
    world.wait_until_at_rest()
    found["award_ms"] = awards.measure(people)
    found |= publishing.measure()
    found |= people_figures.measure(people)
    say(f"people's own acts: {json.dumps({name: found[name]['p95'] for name in ('registration_ms', 'bulk_50_ms')})}")
    found |= batches.measure(people)
    say(f"statements of a batch: {json.dumps(found['queries_by_size'])}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(rescued) FROM event_cursor")
        found["rescued_by_relay"] = int(cursor.fetchone()[0])
    return found


def others(here: Any) -> dict[str, Any]:
    """Measure plain SQL, boards and the textbook in databases of their own, while Diana's processes are idle."""
    from bench import boards, full_rules, raw

    world.add_database(here, "raw_full")
    full = full_rules.measure(here.postgres.admin_url("raw_full"), ACTS)
    say(f"all rules and achievements: {json.dumps(full)}")
    sizes = [boards.measure(here, people) for people in boards.SIZES]
    say(f"boards: {json.dumps(sizes)}")
    rate = raw.measure(world.add_database(here, "raw")["DATABASE_OWNER_URL"], MESSAGES)
    say(f"the same rows by plain SQL: {rate:.0f}/s")
    environment = world.add_database(here, "textbook")
    command = [sys.executable, "-m", "bench.textbook", str(TEXTBOOK_TASKS)]
    printed = subprocess.run(command, cwd=world.ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    textbook = float(printed.stdout.split()[-1])
    say(f"one Celery task for each event: {textbook:.0f}/s")
    read = {name: sizes[-1][name] for name in ("board_read_ms", "board_rebuild_seconds", "board_close_seconds")}
    return {"raw_per_second": round(rate), "textbook_per_second": round(textbook, 1), **full, **read, "boards": sizes}


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        raise SystemExit(str(error)) from error
