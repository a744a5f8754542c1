"""An old database, restored and released once for each process of pytest; each test works on a copy, at the old moment."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from diana import clock
from diana.clock import offset
from diana.events import limiting
from diana.local.roles import prepare_database
from tests import acting_roles
from tests.bot.conftest import sandbox
from tests.conftest import database_named
from tests.servers import OWNER, PASSWORDS, ROOT, Servers
from tests.upgrade import old

__all__ = ["sandbox"]

Move = Callable[..., None]


@pytest.fixture(scope="session")
def upgraded(
    servers: Servers,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Restore the dump as the owner, and do as operators do: this version's release, then the end of the former processes,
    whose rights are taken back. The name of the database.
    """
    name = f"upgraded_{uuid.uuid4().hex[:12]}"
    prepare_database(servers.postgres.admin_url(), name, OWNER, PASSWORDS)
    old.restore(servers.url(OWNER, name))
    servers.valkey.start()
    release(servers, name, tmp_path_factory.mktemp("upgrade"))
    servers.valkey.stop()
    with django_db_blocker.unblock(), database_named(name):
        assert "may still INSERT, UPDATE, DELETE on users_staff" in rights()
        assert "nothing else" in rights(narrow=True)
        acting_roles.grant_all()
    yield name
    servers.drop(name)


def rights(**options: bool) -> str:
    """Return what `manage.py database_roles` says."""
    out = StringIO()
    call_command("database_roles", stdout=out, **options)
    return out.getvalue()


def release(servers: Servers, database: str, directory: Path) -> None:
    """Run `manage.py release` in a process of its own; the broker must run."""
    environment = os.environ | servers.addresses(database) | {"DIANA_STATE_DIR": str(directory)}
    command = [sys.executable, "manage.py", "release"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def reading(upgraded: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The upgraded database itself, for tests that only read: they need no copy."""
    with django_db_blocker.unblock(), database_named(upgraded):
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        yield


@pytest.fixture
def committed_db(
    servers: Servers,
    upgraded: str,
    django_db_blocker: DjangoDbBlocker,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """A copy of the upgraded database, and of the checkpoint file; it is the moment at which the old version stopped."""
    name = f"{upgraded}_{uuid.uuid4().hex[:6]}"
    servers.admin("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY", name, upgraded, OWNER)
    for variable, address in servers.addresses(name).items():
        monkeypatch.setenv(variable, address)
    monkeypatch.setattr(limiting, "_limiters", {})
    settings.STATE_DIR, settings.LEDGER_CHECKPOINTS = tmp_path, str(shutil.copy(old.CHECKPOINTS, tmp_path))
    with django_db_blocker.unblock(), database_named(name):
        yield from at_the_old_moment(name)
    servers.drop(name)


def at_the_old_moment(name: str) -> Iterator[str]:
    """Set domain time to the end of the old version's story while the test lasts: what an operator may not, backwards too."""
    followed, value = clock._file, old.END - clock.real_now()
    with connections["owner"].cursor() as cursor:
        cursor.execute(offset.function_with_offset(value))
    clock.write_offset(offset.offset_file(), value)
    clock.follow(offset.offset_file())
    yield name
    clock.follow(followed)


@pytest.fixture
def move(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> Move:
    """A function that moves domain time forward by a duration."""
    # No other process has to notice.
    monkeypatch.setattr(offset, "MARGIN_SECONDS", -clock.LOOK_SECONDS)

    def forward(**duration: float) -> None:
        offset.set_offset(offset.database_offset() + timedelta(**duration))
        clock.follow(offset.offset_file())

    return forward
