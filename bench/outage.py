"""`python -m bench.outage`: does the webhook notice that Redis is away, and how soon is there an effect when it is back?"""

import json
import time
from typing import Any

from django.db import connection

from bench import arguments, world
from bench.load import Crowd, Load
from bench.world import percentiles
from diana.local.errors import LocalError
from diana.local.supervise import Stack
from diana.local.supervisord import Supervisor

ROUNDS, SECONDS = 4, 12.0
RATE, PEOPLE, COMMAND_EVERY = 40, 400, 20
# How long Redis stays away before it comes back.
AWAY_SECONDS = (3.0, 12.0, 35.0)


def measure(here: Any, supervisor: Supervisor) -> dict[str, Any]:
    """Return the webhook's percentiles with Redis there, stopped and hung, in turns, and the effects after its return."""
    values = here.variables()
    door = (int(values["DOOR_PORT"]), values["TELEGRAM_WEBHOOK_SECRET"])
    numbers = iter(range(20, 200))

    def post_seconds() -> list[float]:
        load = Load(*door, Crowd(PEOPLE, RATE, COMMAND_EVERY, next(numbers)))
        load.run(SECONDS)
        assert set(load.statuses) == {200}, set(load.statuses)
        return [answered - load.posted[update] for update, answered in load.answered.items()]

    post_seconds()
    states: dict[str, list[float]] = {"ordinary": [], "stopped": [], "hung": []}
    for _ in range(ROUNDS):
        states["ordinary"] += post_seconds()
        for state in ("stopped", "hung"):
            _go_away(here, supervisor, state)
            states[state] += post_seconds()
            _come_back(here, supervisor, state)
            world.wait_until_at_rest()
    found: dict[str, Any] = {f"post_{state}_ms": percentiles(seconds) for state, seconds in states.items()}
    ordinary = found["post_ordinary_ms"]["p99"]
    found["stopped_to_ordinary"] = round(found["post_stopped_ms"]["p99"] / ordinary, 2)
    found["hung_to_ordinary"] = round(found["post_hung_ms"]["p99"] / ordinary, 2)
    found["first_effect_ms"] = {
        f"{state} {away:.0f} s": round(1000 * _first_effect(here, supervisor, door, state, away, next(numbers)))
        for state in ("stopped", "hung")
        for away in AWAY_SECONDS
    }
    return found


def _go_away(here: Any, supervisor: Supervisor, state: str) -> None:
    here.valkey.pause() if state == "hung" else supervisor.stop_program("valkey")


def _come_back(here: Any, supervisor: Supervisor, state: str) -> None:
    here.valkey.resume() if state == "hung" else supervisor.start_program("valkey")


def _first_effect(
    here: Any, supervisor: Supervisor, door: tuple[int, str], state: str, away: float, number: int
) -> float:
    """Return how long after its return a message posted then has its entry; it must have earned while Redis was away, too."""
    crowd = Crowd(10, 5, 1_000_000, number)
    _go_away(here, supervisor, state)
    Load(*door, crowd).run(away)
    deadline = time.monotonic() + 10
    while _entries_of(crowd) == 0:
        assert time.monotonic() < deadline, "no effects without Redis"
        time.sleep(0.05)
    _come_back(here, supervisor, state)
    started = time.monotonic()
    fresh = crowd._replace(number=number + 1_000)
    Load(*door, fresh).post(1)
    while _entries_of(fresh) == 0:
        assert time.monotonic() - started < 60, "no effect within a minute"
        time.sleep(0.005)
    seconds = time.monotonic() - started
    world.wait_until_at_rest()
    return seconds


def _entries_of(crowd: Crowd) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM gamification_entry e JOIN users_person p ON p.id = e.account_id"
            " WHERE p.telegram_id >= %s AND p.telegram_id < %s",
            [crowd.first_person, crowd.first_person + crowd.people],
        )
        return int(cursor.fetchone()[0])


def main() -> None:
    """Start an instance, measure, print one JSON object."""
    arguments.no_arguments("bench.outage", __doc__)
    here = world.instance()
    world.fresh_start(here)
    with Stack(here, procfile=world.without_watchers(here)) as stack:
        world.set_up_django(here)
        print(json.dumps(measure(here, stack.supervisor)))


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        raise SystemExit(str(error)) from error
