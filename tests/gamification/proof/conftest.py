"""Fixtures of the proof: a checkpoint file of the test's own, a superuser, a small real history."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from django.conf import settings as django_settings
from pytest_django.plugin import DjangoDbBlocker

from apps.gamification.models import Account
from tests.conftest import close_connections, database_named
from tests.gamification.proof.histories import history
from tests.gamification.proof.tampering import Place
from tests.servers import Servers


@pytest.fixture(autouse=True)
def checkpoint_file(tmp_path: Path, settings: Any) -> Path:
    """The checkpoint file, in a folder of the test's own; not there yet."""
    settings.LEDGER_CHECKPOINTS = str(tmp_path / "outside" / "checkpoints.jsonl")
    return Path(settings.LEDGER_CHECKPOINTS)


def outside_audit(file: Path) -> Path:
    """Return the file of the audit record's checkpoints beside the ledger's."""
    return file.with_stem(f"{file.stem}-audit")


@pytest.fixture
def ledger(committed_db: str) -> str:
    """A committed ledger of three persons with entries of every kind, in three seals; the database's name."""
    history()
    return committed_db


class Original(NamedTuple):
    """A database with a history of three seals, one of it after two seals, and the checkpoint file."""

    database: str
    backup: str
    file: Path


@pytest.fixture(scope="session")
def original(
    servers: Servers,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Original]:
    """The history, made once; tests work on copies."""
    file = tmp_path_factory.mktemp("original") / "checkpoints.jsonl"
    kept, django_settings.LEDGER_CHECKPOINTS = django_settings.LEDGER_CHECKPOINTS, str(file)
    name = servers.clone()
    backup = f"{name}_old"
    with django_db_blocker.unblock():
        with database_named(name):
            history(parts=2)
        servers.admin("CREATE DATABASE {} TEMPLATE {}", backup, name)
        with database_named(name):
            history(parts=1, start=2)
    django_settings.LEDGER_CHECKPOINTS = kept
    yield Original(name, backup, file)
    for database in (name, backup):
        servers.drop(database)


@pytest.fixture
def place(
    original: Original, servers: Servers, checkpoint_file: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Place]:
    """A copy of the history to tamper with."""
    yield from copied(original, original.database, servers, checkpoint_file, django_db_blocker)


@pytest.fixture
def rolled_back(
    original: Original, servers: Servers, checkpoint_file: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[Place]:
    """The history's backup from before the third seal, beside the file with all three."""
    yield from copied(original, original.backup, servers, checkpoint_file, django_db_blocker)


def copied(
    original: Original, database: str, servers: Servers, file: Path, blocker: DjangoDbBlocker
) -> Iterator[Place]:
    name = f"{database}_copy"
    servers.admin("CREATE DATABASE {} TEMPLATE {}", name, database)
    file.parent.mkdir()
    shutil.copy(original.file, file)
    shutil.copy(outside_audit(original.file), outside_audit(file))
    with (
        blocker.unblock(),
        database_named(name),
        psycopg.connect(servers.postgres.admin_url(name), autocommit=True) as superuser,
    ):
        # triggers that fire always have to be switched off one table at a time
        for table in ("entry", "account", "reason", "checkpoint", "auditcheckpoint"):
            superuser.execute(f"ALTER TABLE gamification_{table} DISABLE TRIGGER ALL")
        superuser.execute("ALTER TABLE audit_record DISABLE TRIGGER ALL")
        one, other, _ = Account.objects.order_by("pk").values_list("pk", flat=True)
        yield Place(superuser, file, one, other)
        close_connections()
    servers.drop(name)
