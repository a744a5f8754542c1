"""Killing all workers while people talk, and how long it takes until the next entry of the ledger."""

import itertools
import threading
import time
from contextlib import suppress

from tests.faults.conftest import Community
from tests.processes import wait_until

# Enough that nobody reaches the limit of an hour.
PEOPLE = range(1, 61)
BETWEEN_MESSAGES_SECONDS = 0.05
# So long everything works before the next kill.
STEADY_SECONDS = 2.0
LONGEST_SECONDS = 30.0


class Talking:
    """People who write messages, one after the other, until the block ends."""

    def __init__(self, community: Community) -> None:
        self._community, self._ended = community, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Talking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        people = itertools.cycle(PEOPLE)
        while not self._ended.wait(BETWEEN_MESSAGES_SECONDS):
            self._community.insist(next(people), "still here")


def seconds_until_the_next_entry(community: Community) -> float:
    """Kill every worker, measure, and start them again; returns when they work."""
    for name in ("worker", "telegram"):
        community.started[name].kill()
    [(killed_at,)] = community.sql("SELECT extract(epoch FROM diana_now())::float")
    query = (
        "SELECT min(extract(epoch FROM recorded_at))::float FROM gamification_entry"
        f" WHERE extract(epoch FROM recorded_at) > {killed_at}"
    )
    found: list[object] = []

    def is_there() -> bool:
        found[:] = community.sql(query)[0]
        return found[0] is not None

    with suppress(AssertionError):
        wait_until(is_there, "the next entry", LONGEST_SECONDS)
    took = LONGEST_SECONDS if found[0] is None else found[0] - killed_at  # type: ignore[operator]
    for name in ("worker", "telegram"):
        community.start_worker(name)
    time.sleep(STEADY_SECONDS)
    return float(took)  # type: ignore[arg-type]


def kill_them_all(community: Community, times: int) -> list[float]:
    """Do so again and again while people talk; return the seconds of each time."""
    for name in ("worker", "telegram"):
        community.start_worker(name)
    with Talking(community):
        time.sleep(STEADY_SECONDS)
        return [seconds_until_the_next_entry(community) for _ in range(times)]
