"""Fixtures of the bus: subscribers that live for one test, notes that handlers leave, a clock, a waker of the test's own."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import psycopg
import pytest
import redis
from celery import current_app
from django.db import connection
from django.db import connections as databases

from diana import clock
from diana.events import connections, drain, release, subscriptions, tasks, waker, wakeups
from diana.events.envelope import Envelope
from diana.events.subscriptions import Subscriber
from tests.servers import Servers

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("bus", deadline=None, database=None, max_examples=50)
hypothesis.settings.load_profile("bus")

Register = Callable[..., Subscriber]


class Numbers(list[int]):
    """A handler that remembers the numbers of the events it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.__name__ = self.__qualname__ = "numbers"

    def __call__(self, envelope: Envelope) -> None:
        self.append(envelope.fields["number"])


@pytest.fixture
def numbers() -> Numbers:
    """What a handler has seen."""
    return Numbers()


@pytest.fixture
def register() -> Iterator[Register]:
    """Register a handler under `test.<its name>`, with its task and its cursors, until the test ends."""
    before = dict(subscriptions._subscribers)
    names: list[str] = []

    def add(function: Callable[..., object], *patterns: str, cursors: bool = True, **options: Any) -> Subscriber:
        name = options.setdefault("name", f"test.{function.__name__}")
        names.append(name)
        subscriptions.subscribe(*(patterns or ("test.happened",)), **options)(function)
        subscriptions._index.clear()
        added = subscriptions.subscriber(name)
        if name not in current_app.tasks:
            current_app.task(name=name, shared=False, ignore_result=True)(tasks._body(added))
        if cursors:
            release.sync()
        return added

    yield add
    forget(names, before)


def forget(names: list[str], before: dict[str, Subscriber]) -> None:
    """Take the registered subscribers back."""
    subscriptions._subscribers.clear()
    subscriptions._subscribers.update(before)
    subscriptions._index.clear()
    subscriptions._duplicates.clear()
    for name in names:
        drain._batch_sizes.pop(name, None)
        if name in current_app.tasks:
            current_app.tasks.unregister(name)


@pytest.fixture
def subscriber(committed_db: str, register: Register, numbers: Numbers) -> Subscriber:
    """A subscriber that remembers numbers."""
    return register(numbers)


@pytest.fixture
def sender(committed_db: str, register: Register, numbers: Numbers) -> Subscriber:
    """An external subscriber that remembers numbers."""
    return register(numbers, external=True)


@pytest.fixture
def superuser(servers: Servers, committed_db: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the test's database: what can take a wall down to show what it is for."""
    with psycopg.connect(servers.postgres.admin_url(committed_db), autocommit=True) as connected:
        yield connected


@pytest.fixture
def application(servers: Servers, committed_db: str) -> Iterator[psycopg.Connection]:
    """Another connection of the application's role to the test's database."""
    with psycopg.connect(servers.url("diana_app", committed_db), autocommit=True) as connected:
        yield connected


class Notes:
    """A table in which handlers leave numbers; each number once, checked at the end of the transaction only."""

    def add(self, number: int) -> None:
        """Write one down, in the transaction of the handler."""
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO note (number) VALUES (%s)", [number])

    def all(self) -> list[int]:
        """Return them in the order in which they were written."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT number FROM note ORDER BY id")
            return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def notes(committed_db: str) -> Notes:
    """A table of the test's own."""
    with databases["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE note (id bigserial, number int, UNIQUE (number) DEFERRABLE INITIALLY DEFERRED)")
        cursor.execute("GRANT ALL ON note TO PUBLIC; GRANT ALL ON SEQUENCE note_id_seq TO PUBLIC")
    return Notes()


class Clock:
    """What the clock says; it moves when it is told to."""

    def __init__(self) -> None:
        self.time = clock.now()
        # Nothing but in a run of the suite at another moment.
        self.ahead = timedelta(seconds=round((self.time - clock.real_now()).total_seconds()))

    def now(self) -> datetime:
        """Return the domain time it stands at."""
        return self.time

    def real_now(self) -> datetime:
        """Return the real time it stands at."""
        return self.time - self.ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still."""
    standing = Clock()
    monkeypatch.setattr(clock, "now", standing.now)
    monkeypatch.setattr(clock, "real_now", standing.real_now)
    return standing


@pytest.fixture(autouse=True)
def fresh_wakers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the test a waker, a client and a closed breaker of its own; what it left unsent is dropped."""
    monkeypatch.setattr(waker, "_wakers", {})
    monkeypatch.setattr(wakeups, "_clients", {})
    # The threads of the loop outlive the test's database: their connections must prove themselves each time.
    monkeypatch.setattr(connections, "RESTED_SECONDS", -1.0)
    wakeups.breaker.close()
    yield
    for started in waker._wakers.values():
        with started._changed:
            started._looks.clear()
        started.flush(1)
    for client in wakeups._clients.values():
        client.close()
    wakeups.breaker.close()


@pytest.fixture
def broker(valkey: str) -> Iterator[redis.Redis]:
    """A client of the test's own to the running, empty broker."""
    with redis.Redis.from_url(valkey) as client:
        yield client
