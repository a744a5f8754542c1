"""`python -m bench`: measures everything in one run and prints one JSON object as its last line."""

import json
import subprocess
import sys
import time
from typing import Any

from bench import world
from diana.local.errors import LocalError
from diana.local.supervise import Stack

MESSAGES = 40_000
TEXTBOOK_TASKS = 1_500
LATENCY_SECONDS = 20.0


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"  {text}", flush=True)


def main() -> None:
    """Run every measurement on servers of its own."""
    started = time.monotonic()
    here = world.instance()
    result: dict[str, Any] = {}
    print("make bench: PostgreSQL, Valkey, web, workers, relay and sandbox on this machine, fsync on")
    world.fresh_start(here)
    with Stack(here, report=lambda what, seconds: say(f"{what}: {seconds:.1f} s")):
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

    from bench import awards, latency, throughput

    values = here.variables()
    say("latency at 50 updates a second")
    found: dict[str, Any] = latency.measure(
        int(values["PORT"]), values["TELEGRAM_WEBHOOK_SECRET"], values["TELEGRAM_API_URL"], LATENCY_SECONDS
    )
    say(json.dumps(found))
    rate, people = throughput.measure(MESSAGES)
    found["events_per_second"] = round(rate)
    say(f"events from log to entries: {rate:.0f}/s")
    found["award_ms"] = awards.measure(people)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(rescued) FROM event_cursor")
        found["rescued_by_relay"] = int(cursor.fetchone()[0])
    return found


def others(here: Any) -> dict[str, Any]:
    """Measure plain SQL and the textbook in databases of their own, while Diana's processes are idle."""
    from bench import raw

    rate = raw.measure(world.add_database(here, "raw")["DATABASE_OWNER_URL"], MESSAGES)
    say(f"the same rows by plain SQL: {rate:.0f}/s")
    environment = world.add_database(here, "textbook")
    command = [sys.executable, "-m", "bench.textbook", str(TEXTBOOK_TASKS)]
    printed = subprocess.run(command, cwd=world.ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    textbook = float(printed.stdout.split()[-1])
    say(f"one Celery task for each event: {textbook:.0f}/s")
    return {"raw_per_second": round(rate), "textbook_per_second": round(textbook, 1)}


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        raise SystemExit(str(error)) from error
