"""Databases in other places than the test's own: dumping, restoring, pointing Django there."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections

from diana.local.postgres import Postgres, binary
from diana.local.roles import prepare_database
from tests.conftest import close_connections
from tests.servers import OWNER, PASSWORDS


def dump(url: str, file: Path, *options: str) -> None:
    """Dump a database as operators do."""
    _run("pg_dump", "--format=custom", f"--file={file}", *options, url)


def restore(file: Path, url: str, *options: str) -> None:
    """Restore a dump into an empty database, as its owner; the first error ends it."""
    _run("pg_restore", "--exit-on-error", "--no-owner", *options, f"--dbname={url}", str(file))


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([binary(program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def owner_url(cluster: Postgres, database: str) -> str:
    """Return the owner's address of a database of the cluster."""
    return f"postgres://{OWNER}:{PASSWORDS[OWNER]}@127.0.0.1:{cluster.port}/{database}"


def make_database(cluster: Postgres, name: str) -> str:
    """Make an empty database with all roles, as for a new server; return the owner's address."""
    prepare_database(cluster.admin_url(), name, OWNER, PASSWORDS)
    return owner_url(cluster, name)


@contextmanager
def working_at(cluster: Postgres, database: str) -> Iterator[None]:
    """Point both of Django's connections at a database of another cluster."""
    settings = [connections.settings[alias] for alias in connections.settings]
    before = [(one["NAME"], one["PORT"]) for one in settings]
    close_connections()
    for one in settings:
        one["NAME"], one["PORT"] = database, cluster.port
    try:
        yield
    finally:
        close_connections()
        for one, (name, port) in zip(settings, before, strict=True):
            one["NAME"], one["PORT"] = name, port
