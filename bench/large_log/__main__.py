"""`python -m bench.large_log [ROWS]`: one run, an empty log and one with 5,000,000 rows; one JSON object as the last line."""

import json
import os
import random
import statistics
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from bench import arguments, world
from diana.local.errors import LocalError
from diana.local.supervise import Stack

ROWS, CHUNK = 5_000_000, 100_000
THROUGHPUT_EVENTS, ROUNDS = 20_000, 3
# A transaction every 20 ms with a message and others; one in twenty holds an event that is one in a thousand.
INTERVAL_SECONDS, SECONDS, PER_TRANSACTION, RARE_EVERY = 0.02, 20.0, 50, 20

_DELIVERED = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(o.xmin) - pg_xact_commit_timestamp(c.xmin))::float
FROM event_log c JOIN event_log o ON o.causation_id = c.event_id
WHERE c.id > %s AND o.id > %s AND c.type = %s AND o.type = %s
"""


def measure(people: list[int]) -> dict[str, Any]:
    """Return events per second (the best of some rounds) and the percentiles of delivery in milliseconds, each the median of
    some rounds: what else the machine does in one of them is not the log's.
    """
    from bench import throughput

    rate = max(THROUGHPUT_EVENTS / throughput.award(people, THROUGHPUT_EVENTS) for _ in range(ROUNDS))
    world.wait_until_at_rest(240)
    rounds = [deliveries(people) for _ in range(ROUNDS)]
    print(f"  rounds: {json.dumps(rounds)}", flush=True)
    return {"events_per_second": round(rate), **_medians(rounds)}


def _medians(rounds: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {share: statistics.median(one[name][share] for one in rounds) for share in shares}
        for name, shares in rounds[0].items()
    }


def deliveries(people: list[int]) -> dict[str, dict[str, float]]:
    """Publish at a steady rate, wait for all effects, return how long they took."""
    from django.db import connection

    from apps.bot.events import MessageSent
    from bench.large_log.events import Passed, Rare

    start = _newest()
    began = time.monotonic()
    for number in range(int(SECONDS / INTERVAL_SECONDS)):
        time.sleep(max(0.0, began + number * INTERVAL_SECONDS - time.monotonic()))
        person = people[number % len(people)]
        events: list[Any] = [Passed(user_id=random.choice(people)) for _ in range(PER_TRANSACTION - 2)]
        events.append(MessageSent(user_id=person, chat=1, length=1, content_digest=f"{number:032x}"))
        events.append(Rare(user_id=person) if number % RARE_EVERY == 0 else Passed(user_id=person))
        _publish(events)
    world.wait_until_at_rest(240)
    found = {}
    with connection.cursor() as cursor:
        for name, cause, effect in (
            ("message_ms", "game.message_sent", "game.points_awarded"),
            ("rare_ms", "bench.rare", "bench.noted"),
        ):
            cursor.execute(_DELIVERED, [start, start, cause, effect])
            found[name] = world.percentiles([row[0] for row in cursor.fetchall()])
    return found


def _publish(events: list[Any]) -> None:
    from django.db import transaction

    from diana.events import Publication, publish_many

    with transaction.atomic():
        publish_many([Publication(event=event) for event in events])


def _newest() -> int:
    from diana.events.log import bound

    return bound()


def fill(url: str, people: list[int], rows: int) -> None:
    """Write so many events that nobody wants, one in a thousand of them rare ones, the way publish() does."""
    from diana.events.identifiers import uuid7
    from diana.events.lanes import lane_of

    lanes = {person: lane_of(str(person)) for person in people}
    now = datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as connection:
        for start in range(0, rows, CHUNK):
            began = time.monotonic()
            with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                copy.set_types(["uuid", "text", "int2", "int2", "text", "int8", "timestamptz", "int2", "uuid", "text"])
                for number in range(start, min(start + CHUNK, rows)):
                    person, event_id = people[number % len(people)], uuid7()
                    copy.write_row(_row(number, person, lanes[person], event_id, now))
            if start % (10 * CHUNK) == 0:
                print(f"  {start + CHUNK} rows, {CHUNK / (time.monotonic() - began):.0f}/s", flush=True)


_COPY = (
    "COPY event_log (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes, correlation_id, payload)"
    " FROM STDIN (FORMAT BINARY)"
)


def _row(number: int, person: int, lane: int, event_id: UUID, now: datetime) -> tuple[object, ...]:
    kind = "bench.rare" if number % 1000 == 999 else "bench.passed"
    return (event_id, kind, 1, lane, str(person), person, now, 0, event_id, "{}")


def main() -> None:
    """Measure with an empty log, fill it, measure again."""
    rows = arguments.one_number("bench.large_log", __doc__, "ROWS", ROWS)
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.large_log.settings"
    here = world.instance()
    world.fresh_start(here)
    with Stack(here, procfile=world.without_watchers(here)):
        world.set_up_django(here)
        people = world.add_people()
        _warm_up(people)
        empty = measure(people)
        print(f"  empty: {json.dumps(empty)}", flush=True)
        began = time.monotonic()
        fill(os.environ["DATABASE_OWNER_URL"], people, rows)
        _publish_to_every_lane(people)
        world.wait_until_at_rest(600)
        _settle(here)
        print(f"  filled and read by everybody in {time.monotonic() - began:.0f} s", flush=True)
        full = measure(people)
    ratios = {
        "events_per_second": round(empty["events_per_second"] / full["events_per_second"], 2),
        "message_p99": round(full["message_ms"]["p99"] / empty["message_ms"]["p99"], 2),
        "rare_p99": round(full["rare_ms"]["p99"] / empty["rare_ms"]["p99"], 2),
    }
    print(json.dumps({"rows": rows, "empty": empty, "full": full, "times": ratios}))


def _settle(here: Any) -> None:
    """Have PostgreSQL do now what it would have done while such a log grew over months."""
    with psycopg.connect(here.postgres.admin_url(), dbname="diana", autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE) event_log")
        connection.execute("CHECKPOINT")


def _warm_up(people: list[int]) -> None:
    from bench import throughput

    throughput.award(people, len(people))
    world.wait_until_at_rest(240)


def _publish_to_every_lane(people: list[int]) -> None:
    from bench.large_log.events import Rare

    _publish([Rare(user_id=person) for person in people[:500]])


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        raise SystemExit(str(error)) from error
