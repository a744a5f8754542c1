"""One award by staff alone, and fifty people's at once from fifty threads."""

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from bench.world import percentiles
from diana import clock
from diana.audit import Actor


def measure(people: list[int]) -> dict[str, dict[str, float]]:
    """Return the percentiles in milliseconds of `alone` and `fifty_at_once`, each award with its audit record and events."""
    alone = [_award(person, "alone") for person in people[:200]]
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: _connect(), range(50)))
        at_once: list[float] = []
        for start in range(0, 250, 50):
            at_once += pool.map(_award, people[start : start + 50], [f"from{start}"] * 50)
        list(pool.map(lambda _: connections.close_all(), range(50)))
    return {"alone": percentiles(alone), "fifty_at_once": percentiles(at_once)}


def _award(person: int, key: str) -> float:
    from apps.gamification import services

    started = time.perf_counter()
    services.award(
        person_id=person,
        amount=7,
        reason="benchmark",
        actor=Actor(id=None, name="bench", origin="command"),
        key=f"bench:{key}:{person}",
        now=clock.now(),
    )
    return time.perf_counter() - started


def _connect() -> None:
    connections["default"].ensure_connection()
    time.sleep(0.05)
