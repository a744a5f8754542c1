"""The world of a measurement: an instance of its own with durable servers, people, and messages in the log."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from diana.local.instance import Instance
from diana.local.postgres import Postgres
from diana.local.roles import OWNER, VARIABLES, prepare_database
from diana.local.supervise import Stack

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = 10_000
# What Telegram would allow is not what is measured.
RATES = {
    "ALL": "100000",
    "ALL_BURST": "100000",
    "PER_CHAT": "1000",
    "PER_CHAT_BURST": "1000",
    "PER_GROUP_MINUTE": "100000",
}


def instance() -> Instance:
    """Return the instance of the benchmark, whose PostgreSQL is as durable as any but also keeps times of commits; its bot
    may answer as fast as it can.
    """
    os.environ |= {f"TELEGRAM_RATE_{name}": rate for name, rate in RATES.items()}
    found = Instance("bench")
    if found.postgres is None or found.valkey is None:
        raise SystemExit("make bench measures its own servers: unset DATABASE_URL and REDIS_URL.")
    found.postgres = Postgres(found.directory / "postgres", settings={"track_commit_timestamp": "on"})
    return found


def fresh_start(here: Instance) -> None:
    """Remove what an earlier run left in the databases, so that every run measures the same."""
    assert here.postgres is not None
    with here.alone():
        here.postgres.start()
        with psycopg.connect(here.postgres.admin_url(), autocommit=True) as connection:
            for name in ("diana", "raw", "raw_full", "textbook"):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        here.postgres.stop()


def without_watchers(here: Instance) -> Path:
    """Return a Procfile without beat and Flower, which take time from what is measured and no part in it."""
    kept = [line for line in (ROOT / "Procfile").read_text().splitlines() if not line.startswith(("beat:", "flower:"))]
    path = here.directory / "Procfile"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(kept) + "\n")
    return path


def add_database(here: Instance, name: str) -> dict[str, str]:
    """Make a database beside Diana's, released like it; return the environment that leads there."""
    assert here.postgres is not None
    prepare_database(here.postgres.admin_url(), name, OWNER, here.passwords())
    environment = Stack(here).environment()
    for key in VARIABLES:
        environment[key] = environment[key].rpartition("/")[0] + f"/{name}"
    subprocess.run(
        [sys.executable, "manage.py", "release"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return environment


def set_up_django(here: Instance) -> None:
    """Make this process one of the instance's."""
    os.environ |= Stack(here).environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()


@contextmanager
def database(name: str) -> Iterator[None]:
    """Have Django's default connection of this process lead to another database of the cluster."""
    from django.db import connections

    before = connections.settings["default"]["NAME"]
    connections["default"].close()
    connections.settings["default"]["NAME"] = name
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"]["NAME"] = before


def add_people(number: int = PEOPLE, *, first: int = 1_000_000) -> list[int]:
    """Insert so many people, with Telegram ids from the first on, and return their ids."""
    from django.db import connection

    from apps.users.models import Person
    from diana import clock

    people = Person.objects.bulk_create(
        [Person(telegram_id=first + n, created_at=clock.now()) for n in range(number)], batch_size=2_000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return [person.pk for person in people]


def publish_messages(people: list[int], count: int) -> None:
    """Write that many messages into the log in one commit, the people taking turns; nobody is woken before it."""
    from django.db import transaction

    from apps.bot.events import MessageSent
    from diana.events import Publication, publish_many

    now = datetime.now(UTC)
    with transaction.atomic():
        for start in range(0, count, 5_000):
            publish_many(
                [
                    Publication(
                        event=MessageSent(
                            user_id=people[n % len(people)], chat=1, length=12, content_digest=f"{n:032x}"
                        ),
                        occurred_at=now,
                    )
                    for n in range(start, min(count, start + 5_000))
                ]
            )


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds."""
    ordered = sorted(seconds)
    return {f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)] * 1000, 2) for p in (50, 95, 99)}


def wait_until_at_rest(seconds: float = 60) -> None:
    """Wait until nothing is left to be handled or delivered."""
    from demo.resting import is_at_rest, pending

    deadline = time.monotonic() + seconds
    while not is_at_rest():
        if time.monotonic() > deadline:
            raise SystemExit(f"still not at rest after {seconds:.0f} s: {pending()}")
        time.sleep(0.2)
