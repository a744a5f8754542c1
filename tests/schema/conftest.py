"""A database with a row in every table, made once; the owner's and the application's connection to it."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings as django_settings
from pytest_django.plugin import DjangoDbBlocker

from diana.local.roles import RUNNING
from tests.conftest import database_named
from tests.schema import every
from tests.schema.catalogue import Connection
from tests.servers import APPLICATION, OWNER, Servers


@pytest.fixture(scope="session")
def filled(
    servers: Servers,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The name of a database with rows in all tables; nobody is connected to it."""
    file = tmp_path_factory.mktemp("schema") / "checkpoints.jsonl"
    kept, django_settings.LEDGER_CHECKPOINTS = django_settings.LEDGER_CHECKPOINTS, str(file)
    name = servers.clone()
    # A copy does not take over who may do what in the database; the local servers' databases are closed like this.
    servers.admin("REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
    for role in RUNNING:
        servers.admin("GRANT CONNECT ON DATABASE {} TO {}", name, role)
    with django_db_blocker.unblock(), database_named(name):
        every.fill()
    django_settings.LEDGER_CHECKPOINTS = kept
    yield name
    servers.drop(name)


@pytest.fixture(scope="module")
def owners(servers: Servers, filled: str) -> Iterator[Connection]:
    """The owner's connection, for a whole file of tests."""
    with psycopg.connect(servers.url(OWNER, filled), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(owners: Connection) -> Iterator[Connection]:
    """The owner in a transaction that is taken back."""
    with owners.transaction(force_rollback=True):
        yield owners


@pytest.fixture(scope="module")
def applications(servers: Servers, filled: str) -> Iterator[Connection]:
    """The application's connection, for a whole file of tests."""
    with psycopg.connect(servers.url(APPLICATION, filled), autocommit=True) as connection:
        yield connection


@pytest.fixture
def application(applications: Connection) -> Iterator[Connection]:
    """The application in a transaction that is taken back."""
    with applications.transaction(force_rollback=True):
        yield applications
