"""`python -m bench.boards [PEOPLE …]`: boards of 10,000 and 1,000,000 people; one JSON object as the last line.

Reads of the first ten, one's own rank and those around, with the cache and without; the cache built anew; a week closed.
"""

import json
import os
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from bench import arguments, world
from diana.local.errors import LocalError

SIZES = (10_000, 1_000_000)
READS, SLOW_READS = 1_000, 15

# References are not looked up one by one.
# People as they come: all have points, most in this month, some today; one in fifty is VIP, one in twenty hidden, three in
# four took the quiz. Points are spread like incomes, streaks are short. The share of people on each board is what is left
# of the random numbers below their bound.
_PEOPLE = """
SET session_replication_role = replica;
INSERT INTO users_person (telegram_id, first_name, last_name, username, language, timezone, status, created_at)
    SELECT 9000000000 + n, 'P' || n, '', '', 'en', 'UTC', 'active', now() FROM generate_series(1, %(people)s) n;
INSERT INTO gamification_account (person_id) SELECT id FROM users_person ORDER BY id;
INSERT INTO gamification_progress (account_id) SELECT id FROM users_person ORDER BY id;
ALTER TABLE gamification_boardperson DISABLE TRIGGER ALL;
INSERT INTO gamification_boardperson (account_id, shown, alias, vip_until, archetype)
    SELECT id, random() > 0.05, random() < 0.1, CASE WHEN random() < 0.02 THEN %(now)s + interval '20 days' END,
        (ARRAY['explorer', 'challenger', 'storyteller', 'connector', 'all_rounder', '', ''])[1 + floor(random() * 7)::int]
    FROM users_person;
ALTER TABLE gamification_boardperson ENABLE ALWAYS TRIGGER gamification_boardperson_shows;
INSERT INTO gamification_boardrow (account_id, board, period, score, reached_at, shown, vip_until, archetype)
    SELECT p.account_id, s.board, s.period, 1 + floor(s.most * power(random(), 4))::bigint,
        %(now)s - random() * interval '6 hours', p.shown, p.vip_until, p.archetype
    FROM gamification_boardperson p CROSS JOIN (
        SELECT b.board, b.period, (ARRAY[50000, 5000, 20000, 800, 400, 60, 900, 60])[b.board] AS most,
            (ARRAY[1.0, 0.4, 0.7, 0.2, 0.3, 0.5, 0.5, 0.8])[b.board] AS share
        FROM (
            SELECT * FROM gamification_board_periods(%(now)s)
            UNION ALL SELECT n::smallint, DATE '1970-01-01' FROM generate_series(5, 8) n
        ) b (board, period)
    ) s WHERE random() + 0 * p.account_id < s.share;
VACUUM ANALYZE gamification_boardrow, gamification_boardperson, gamification_account;
CHECKPOINT;
"""


def measure(here: Any, people: int) -> dict[str, Any]:
    """Fill a database of its own with so many people on boards and measure in it."""
    name = f"boards_{people}"
    _drop(here, name)
    world.add_database(here, name)
    from diana import clock

    now = clock.now()
    began = time.monotonic()
    with psycopg.connect(here.postgres.admin_url(name), autocommit=True) as connection:
        for statement in _PEOPLE.split(";\n"):
            if statement.strip():
                connection.execute(statement, {"people": people, "now": now} if "%(" in statement else None)
    print(f"  {people} people made in {time.monotonic() - began:.0f} s", flush=True)
    try:
        with world.database(name):
            return _figures(people, now)
    finally:
        _drop(here, name)


def _drop(here: Any, name: str) -> None:
    with psycopg.connect(here.postgres.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _figures(people: int, now: datetime) -> dict[str, Any]:
    from django.db import connection

    from apps.gamification.boards import cache, closing, refreshing
    from diana.cache import client

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id FROM gamification_boardperson WHERE shown ORDER BY random() LIMIT %s", [READS]
        )
        crowd = [row[0] for row in cursor.fetchall()]
    client().flushall()
    without = _reads(crowd[:SLOW_READS], now)
    began = time.monotonic()
    members = refreshing.rebuild(now)
    rebuild_seconds = time.monotonic() - began
    began = time.monotonic()
    refreshing.rebuild(now, ["total"])
    total_seconds = time.monotonic() - began
    _reads(crowd[:50], now)
    found = {
        "people": people,
        "board_read_ms": _reads(crowd, now),
        "board_read_without_cache_ms": without,
        "board_rebuild_seconds": round(rebuild_seconds, 2),
        "board_rebuild_members": members,
        "board_rebuild_total_only_seconds": round(total_seconds, 2),
        "breaker_open": cache.breaker.current_state != "closed",
    }
    period = (now - timedelta(days=now.weekday())).date()
    began = time.monotonic()
    closed = closing.close("weekly", period, now)
    assert closed is not None
    found |= {"board_close_seconds": round(time.monotonic() - began, 3), "board_close_ranked": closed.ranked}
    return found


def _reads(crowd: list[int], now: datetime) -> dict[str, Any]:
    """Return percentiles in milliseconds of each kind of read, over boards and segments, and of all together."""
    from apps.gamification import selectors

    chance = random.Random(7)

    def choose() -> dict[str, Any]:
        segment = chance.choice(["everyone", "everyone", "vip", "archetype"])
        return {"board": chance.choice(selectors.BOARDS), "segment": segment}

    kinds: dict[str, Callable[[int], object]] = {
        "top_10": lambda person: selectors.top(limit=10, now=now, person_id=person, **choose()),
        "my_rank": lambda person: selectors.rank_of(person, now=now, **choose()),
        "around_me": lambda person: selectors.around(person, now=now, **choose()),
    }
    taken = {kind: [_seconds(lambda read=read, p=p: read(p)) for p in crowd] for kind, read in kinds.items()}  # type: ignore[misc]
    every = [seconds for of_kind in taken.values() for seconds in of_kind]
    return {**{kind: world.percentiles(seconds) for kind, seconds in taken.items()}, "all": world.percentiles(every)}


def _seconds(read: Callable[[], object]) -> float:
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


def main() -> None:
    """Measure each size; nothing but PostgreSQL and Valkey takes part."""
    sizes = arguments.whole_numbers("bench.boards", __doc__, "PEOPLE", SIZES)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    here = world.instance()
    here.start_services()
    try:
        world.set_up_django(here)
        found = [measure(here, people) for people in sizes]
    finally:
        here.stop_services()
    largest = found[-1]
    print(json.dumps({**largest, "sizes": found}))


if __name__ == "__main__":
    try:
        main()
    except LocalError as error:
        raise SystemExit(str(error)) from error
