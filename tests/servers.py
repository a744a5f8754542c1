"""The servers of a test run: one throw-away PostgreSQL and Valkey for each process of pytest, started when first needed.

Loaded as a plugin before Django reads its settings, so that these name the right ports.
"""

import atexit
import os
import shutil
import uuid
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg import sql

from diana.local import ports, roles
from diana.local.postgres import Postgres
from diana.local.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / ".diana" / "test"
TEMPLATE = "diana_template"
OWNER, APPLICATION = "diana_owner", "diana_app"
PASSWORDS = {OWNER: "owner-of-tests", APPLICATION: "application-of-tests"}


class Servers:
    """The servers of this process of pytest; they end with it."""

    def __init__(self) -> None:
        self.directory = RUNS / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}"
        self.postgres_port, self.valkey_port = ports.free_port(), ports.free_port()

    @cached_property
    def postgres(self) -> Postgres:
        """The cluster, running; commits survive a kill of a client, which is all that the tests kill lightly."""
        server = Postgres(self.directory / "postgres", port=self.postgres_port, durable=False)
        server.start()
        return server

    @cached_property
    def valkey(self) -> Valkey:
        """The broker, running, without memory of its own."""
        server = Valkey(self.directory / "valkey", port=self.valkey_port, appendonly=False)
        server.start()
        return server

    @property
    def redis_url(self) -> str:
        """Where the broker is, running or not."""
        return f"redis://127.0.0.1:{self.valkey_port}/0"

    def url(self, role: str, database: str) -> str:
        """Return the address of a database for a role."""
        return f"postgres://{role}:{PASSWORDS[role]}@127.0.0.1:{self.postgres_port}/{database}"

    def make_template(self) -> None:
        """Make the database that all others are copies of; empty as yet."""
        roles.prepare_database(self.postgres.admin_url(), TEMPLATE, OWNER, APPLICATION, PASSWORDS)

    def clone(self) -> str:
        """Copy the template and return the copy's name. Nobody may be connected to the template."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.admin("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY", name, TEMPLATE, OWNER)
        return name

    def drop(self, database: str) -> None:
        """Remove a copy, whoever is still connected."""
        self.admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def admin(self, statement: str, *names: str) -> None:
        """Run one statement as the superuser."""
        with psycopg.connect(self.postgres.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]

    def stop(self) -> None:
        """End what was started and remove its files."""
        for name in ("postgres", "valkey"):
            if name in self.__dict__:
                self.__dict__[name].stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def remove_leftovers() -> None:
    """End the servers of runs that were killed, and remove their files."""
    for directory in RUNS.glob("*-*"):
        if not Path(f"/proc/{directory.name.rpartition('-')[2]}").exists():
            Postgres(directory / "postgres", durable=False).stop()
            Valkey(directory / "valkey", appendonly=False).stop()
            shutil.rmtree(directory, ignore_errors=True)


if "PYTEST_XDIST_WORKER" not in os.environ:
    remove_leftovers()
servers = Servers()
# Where the files of the admin would be collected; WhiteNoise warns if it is not there.
(servers.directory / "static").mkdir(parents=True)
atexit.register(servers.stop)
os.environ |= {
    "DIANA_ENV": "development",
    "DIANA_STATE_DIR": str(servers.directory),
    "DATABASE_URL": servers.url(APPLICATION, TEMPLATE),
    "DATABASE_OWNER_URL": servers.url(OWNER, TEMPLATE),
    "REDIS_URL": servers.redis_url,
    # Its own tests turn it on, and real processes have it (tests/processes.py).
    "EVENTS_FEED": "false",
    "EVENTS_KEEP_VISITS": "false",
    # Its own tests slow down; the sandbox takes anything.
    "TELEGRAM_RATE_ALL": "10000",
    "TELEGRAM_RATE_ALL_BURST": "10000",
    "TELEGRAM_RATE_PER_CHAT": "1000",
    "TELEGRAM_RATE_PER_CHAT_BURST": "1000",
    "TELEGRAM_BOT_TOKEN": "1:sandbox-test",
    "TELEGRAM_WEBHOOK_SECRET": "secret-of-the-tests-0123456789abcdef",
    "TELEGRAM_API_URL": f"http://127.0.0.1:{ports.free_port()}",
}
