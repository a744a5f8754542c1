"""Fixtures of all tests: a real database as the application's role, in a transaction or with real commits."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import call_command
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from diana.events import limiting
from tests import acting_roles
from tests.servers import Servers
from tests.servers import servers as started

# A password's hash takes 0.4 s on purpose; what the tests see of it does not depend on the number of rounds.
PBKDF2PasswordHasher.iterations = 10


def found_once(find: Callable[[Any], None]) -> Callable[[Any], None]:
    """Have the middleware look for the applications' static files once, and not in each test client: it takes 10 ms."""
    found: dict[str, Any] = {}

    def add_files_from_finders(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            find(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    return add_files_from_finders


WhiteNoiseMiddleware.add_files_from_finders = found_once(WhiteNoiseMiddleware.add_files_from_finders)


def pytest_collection_finish() -> None:
    """Keep what all tests share out of every later collection of garbage, and collect it less often than servers should."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def servers() -> Servers:
    """The servers of this process of pytest."""
    return started


@pytest.fixture(scope="session")
def django_db_setup(servers: Servers, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Migrate the template once, as the owner, and give the tests a copy of it; they act in it as acting_roles.py says."""
    servers.make_template()
    with django_db_blocker.unblock():
        call_command("release", verbosity=0)
        acting_roles.install()
        close_connections()
        name = servers.clone()
        with database_named(name):
            yield


@pytest.fixture
def committed_db(
    servers: Servers, django_db_setup: None, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A database of the test's own, in which commits are real; its name. Other processes find it by DATABASE_URL."""
    with django_db_blocker.unblock():
        name = servers.clone()
        for variable, address in servers.addresses(name).items():
            monkeypatch.setenv(variable, address)
        # Its first person is not the one of the test before, who may have used up what this process lets through.
        monkeypatch.setattr(limiting, "_limiters", {})
        with database_named(name):
            yield name
        servers.drop(name)


@pytest.fixture
def valkey(servers: Servers) -> Iterator[str]:
    """A running, empty broker; its address. It runs again after the test whatever the test did to it."""
    servers.valkey.start()
    yield servers.redis_url
    refused = servers.redis_refusals()
    servers.valkey.stop()
    assert not refused, refused


@contextmanager
def database_named(name: str) -> Iterator[None]:
    """Point Django's connections, also those of threads to come, at this database."""
    before = {alias: connections.settings[alias]["NAME"] for alias in connections.settings}
    close_connections()
    for alias in before:
        connections.settings[alias]["NAME"] = name
    try:
        yield
    finally:
        close_connections()
        for alias, old in before.items():
            connections.settings[alias]["NAME"] = old


def close_connections() -> None:
    """Close this thread's connections."""
    for connection in connections.all(initialized_only=True):
        connection.close()
