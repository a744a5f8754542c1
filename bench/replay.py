"""Replay of awards that were all made: events a second, and that nothing comes of it. Alone: `python -m bench.replay [count]`."""

import json
import time
from typing import Any

from bench import arguments, world

SUBSCRIBER = "gamification.award_points"
# Larger commits would hold the fence for long.
CHUNK = 20_000
CHUNK_SECONDS = 300


def measure(events: int) -> dict[str, Any]:
    """Have the running workers handle at least so many events, then replay all of them in this process.

    Returns `handled`, `skipped`, `new_effects` and `events_per_second`.
    """
    from diana.events import replay, subscriptions

    _have_handled(events)
    started = time.monotonic()
    result = replay.replay(subscriptions.subscriber(SUBSCRIBER))
    seconds = time.monotonic() - started
    if result.failed:
        raise SystemExit(f"the handler failed in the replay: {result.failed[0]}")
    return {
        "handled": result.handled,
        "skipped": result.skipped,
        "new_effects": result.new_effects,
        "events_per_second": round(result.handled / seconds),
    }


def _have_handled(events: int) -> None:
    """Publish messages, of the people who are there or of new ones, until so many events are handled."""
    from apps.users.models import Person

    people = list(Person.objects.order_by("pk").values_list("pk", flat=True)) or world.add_people()
    while (handled := _handled()) < events:
        expected = min(handled + CHUNK, events)
        world.publish_messages(people, expected - handled)
        deadline = time.monotonic() + CHUNK_SECONDS
        while _handled() < expected:
            if time.monotonic() > deadline:
                raise SystemExit("the workers did not finish: see the logs of the instance")
            time.sleep(0.05)


def _handled() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(handled) FROM event_cursor WHERE subscriber = %s", [SUBSCRIBER])
        return int(cursor.fetchone()[0])


def main() -> None:
    """Measure on servers of its own and print one JSON object."""
    from diana.local.supervise import Stack

    events = arguments.one_number("bench.replay", __doc__, "EVENTS", 1_000_000)
    here = world.instance()
    world.fresh_start(here)
    with Stack(here, procfile=world.without_watchers(here), report=lambda what, seconds: None):
        world.set_up_django(here)
        print(json.dumps(measure(events)))


if __name__ == "__main__":
    main()
