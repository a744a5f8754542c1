"""The servers of a torture: a durable PostgreSQL with a template of the database, a Valkey that keeps a log."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from diana.local import ports, processes
from diana.local.postgres import Postgres
from diana.local.roles import APPLICATION, DOOR, OWNER, STAFF, VARIABLES, prepare_database
from diana.local.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
DIRECTORY = ROOT / ".diana" / "torture"
TEMPLATE = "torture_template"
PASSWORDS = {role: f"{role}-under-torture" for role in (OWNER, APPLICATION, STAFF, DOOR)}
SECRET = "secret-under-torture-0123456789abcdef"
TOKEN = "1:sandbox-torture"
# By this variable a run of tests knows its own processes.
MARK = "DIANA_TESTS"
# Few, so that they can be used up.
MAX_CONNECTIONS = 90


class Servers:
    """Both servers and the databases in them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        settings = {"max_connections": str(MAX_CONNECTIONS)}
        self.postgres = Postgres(directory / "postgres", port=ports.free_port(), settings=settings)
        self.valkey = Valkey(directory / "valkey", port=ports.free_port())

    def start(self) -> None:
        """Start both and migrate the template."""
        self.postgres.start()
        self.valkey.start()
        prepare_database(self.postgres.admin_url(), TEMPLATE, OWNER, PASSWORDS)
        command = [sys.executable, "manage.py", "release", "-v", "0"]
        subprocess.run(command, cwd=ROOT, env=self.environment(TEMPLATE), check=True, stdout=subprocess.DEVNULL)

    def clone(self, name: str) -> str:
        """Make a fresh database and return its name."""
        name = f"{name}_{uuid.uuid4().hex[:8]}"
        self.admin("CREATE DATABASE {} TEMPLATE {} OWNER {}", name, TEMPLATE, OWNER)
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected."""
        self.admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def admin(self, statement: str, *names: str) -> None:
        """Run one statement as the superuser."""
        with psycopg.connect(self.postgres.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def url(self, role: str, database: str, port: int | None = None) -> str:
        """Return the address of a database for a role, by way of a port if one is given."""
        return f"postgresql://{role}:{PASSWORDS[role]}@{ports.LOOPBACK}:{port or self.postgres.port}/{database}"

    def redis_url(self, port: int | None = None) -> str:
        """Return the address of the broker, for the user who may do everything."""
        return self._by_port(self.valkey.url(), port)

    def redis_variables(self, port: int) -> dict[str, str]:
        """Return where each kind of process finds the broker, as its own user, by way of a port."""
        return {name: self._by_port(url, port) for name, url in self.valkey.variables().items()}

    def _by_port(self, url: str, port: int | None) -> str:
        return url.replace(f":{self.valkey.port}/", f":{port or self.valkey.port}/")

    def environment(self, database: str, **given: str) -> dict[str, str]:
        """Return the environment of Diana's processes on this database."""
        foreign = ("DIANA_", "PYTEST_")
        inherited = {key: value for key, value in os.environ.items() if key == MARK or not key.startswith(foreign)}
        return {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "torture.settings",
            "DIANA_ENV": "development",
            "DIANA_STATE_DIR": str(self.directory),
            # What a killed worker leaves in it is removed with the directory.
            "TMPDIR": str(self.directory),
            **{name: self.url(role, database) for name, role in VARIABLES.items()},
            "REDIS_URL": self.redis_url(),
            # Calls to Telegram then name their event.
            "EVENTS_KEEP_VISITS": "true",
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "TELEGRAM_API_URL": "http://127.0.0.1:1",
            **given,
        }

    def stop(self) -> None:
        """End both and remove their files."""
        self.valkey.kill()
        self.postgres.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def running_servers(directory: Path | None = None) -> Iterator[Servers]:
    """Run servers of one torture; they end with the block. Servers of runs that were killed are removed first."""
    remove_leftovers()
    servers = Servers(directory or DIRECTORY / str(os.getpid()))
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


def remove_leftovers() -> None:
    """End what tortures whose process is gone have left, and remove their files."""
    for directory in DIRECTORY.glob("[0-9]*"):
        if not Path(f"/proc/{directory.name}").exists():
            processes.end(processes.marked("DIANA_STATE_DIR", str(directory)), seconds=1)
            Postgres(directory / "postgres").kill()
            Valkey(directory / "valkey").kill()
            shutil.rmtree(directory, ignore_errors=True)
