"""One batch of the award subscriber, in this process and rolled back: how many statements it takes, and how long."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench import arguments, world
from bench.world import percentiles

SIZES, ROUNDS = (1, 10, 200), 25


def measure(people: list[int]) -> dict[str, Any]:
    """Return statements by size of batch (COPY counts as one), and milliseconds of a batch by size.

    The events are messages and correct answers, all rules and achievements are in force; nobody is new.
    """
    counts = {size: _statements(people[:size]) for size in SIZES}
    times = {str(size): percentiles([_seconds(people[:size]) for _ in range(ROUNDS)]) for size in SIZES}
    return {
        "queries_per_batch": max(counts.values()),
        "queries_by_size": {str(size): count for size, count in counts.items()},
        "queries_constant": len(set(counts.values())) == 1,
        "batch_ms": times,
        "achievements_check_us": _achievements_us(people[:200]),
    }


def _statements(people: list[int]) -> int:
    with transaction.atomic():
        envelopes = _events(people)
        # What the process and the planner do once is not the batch's.
        _award(envelopes[: len(envelopes) // 2])
        with CaptureQueriesContext(connection) as queries, _copies() as copies:
            _award(envelopes[len(envelopes) // 2 :])
        transaction.set_rollback(True)
    return len(queries) + len(copies)


def _seconds(people: list[int]) -> float:
    with transaction.atomic():
        envelopes = _events(people)
        started = time.perf_counter()
        _award(envelopes[len(envelopes) // 2 :])
        taken = time.perf_counter() - started
        transaction.set_rollback(True)
    return taken


def _achievements_us(people: list[int]) -> float:
    """Return the microseconds that the achievements take of the decision about one event: with them minus without."""
    with transaction.atomic():
        envelopes = _events(people)
        both = [min(_decide_us(envelopes, without=without) for _ in range(5)) for without in (False, True)]
        transaction.set_rollback(True)
    return round(both[0] - both[1], 2)


def _decide_us(envelopes: list[Any], *, without: bool) -> float:
    from apps.gamification import awards, loading
    from apps.gamification.decide.awarding import decide
    from apps.gamification.decide.rules import Rulebook

    standings, rulebook = loading.lock_standings(map(awards.person_of, envelopes))
    if without:
        bare = Rulebook([], [])
        bare.__dict__.update(rulebook.__dict__)
        bare.achievements = None
        rulebook = bare
    started = time.perf_counter()
    for envelope in envelopes:
        decide(standings[awards.person_of(envelope)], awards.fact_of(envelope), rulebook)
    return (time.perf_counter() - started) / len(envelopes) * 1e6


def _events(people: list[int]) -> list[Any]:
    """Publish a message and an answer of each person, twice."""
    from apps.bot.events import MessageSent
    from apps.content.events import TriviaCompleted
    from diana.events import Publication, publish_many
    from diana.events.log import read_events

    now = datetime.now(UTC)
    events: list[Any] = []
    for number in range(2):
        for person in people:
            events.append(MessageSent(user_id=person, chat=1, length=12, content_digest=f"{number:032x}"))
            question = f"bench-{number}"
            events.append(
                TriviaCompleted(
                    user_id=person, question=question, correct=True, milliseconds=6_000, shortest_milliseconds=1000
                )
            )
    published = publish_many([Publication(event=event, occurred_at=now) for event in events])
    # Read as the subscriber reads them: only the log knows their places.
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM event_log WHERE event_id = ANY(%s)", [[one.event_id for one in published]])
        return read_events([row[0] for row in cursor.fetchall()])


def _award(envelopes: list[Any]) -> None:
    from apps.gamification.awards import award

    award(envelopes)


@contextmanager
def _copies() -> Iterator[list[str]]:
    """Note the COPYs, which Django does not: it writes down what cursors execute."""
    from apps.gamification import storing, unlocks
    from diana.events import publishing

    noted: list[str] = []
    modules: tuple[ModuleType, ...] = (storing, unlocks, publishing)
    real = [module.__dict__["copy_rows"] for module in modules]

    def noting(table: str, *args: Any, **options: Any) -> None:
        noted.append(table)
        real[0](table, *args, **options)

    for module in modules:
        module.__dict__["copy_rows"] = noting
    try:
        yield noted
    finally:
        for module, function in zip(modules, real, strict=True):
            module.__dict__["copy_rows"] = function


def main() -> None:
    """Measure this alone; nothing but PostgreSQL takes part."""
    arguments.no_arguments("bench.batches", __doc__)
    here = world.instance()
    world.fresh_start(here)
    here.start_services()
    try:
        world.add_database(here, "diana")
        world.set_up_django(here)
        people = world.add_people()
        with transaction.atomic():
            _award(_events(people[:200]))
        print(json.dumps(measure(people)))
    finally:
        here.stop_services()


if __name__ == "__main__":
    main()
