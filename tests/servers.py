"""The servers of a test run: one throw-away PostgreSQL and Valkey for each process of pytest, started when first needed.

Loaded as a plugin before Django reads its settings, so that these name the right ports.
"""

import atexit
import hashlib
import os
import shutil
import signal
import uuid
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from typing import LiteralString

import psycopg
import redis
from billiard.util import set_pdeathsig
from psycopg import sql

from diana.local import ports, processes, roles
from diana.local.files import locked, make_private_directory
from diana.local.postgres import Postgres
from diana.local.roles import APPLICATION, DOOR, OWNER, STAFF, VARIABLES
from diana.local.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
ON_DISK = ROOT / ".diana" / "test"
FILES = ON_DISK / "files"
# Where files live in memory on Linux, and what the servers of two processes of pytest may take of it.
MEMORY, MEMORY_BYTES = Path("/dev/shm"), 2 << 30
# Leads `make clean` to what a killed run has left in memory.
LINK = ON_DISK / "memory"
# By this variable a process is known to belong to a run.
MARK = "DIANA_TESTS"
TEMPLATE = "diana_template"
# Who tests log in as, and who arranges what they need: acting_roles.py.
TESTER, TESTERS_PASSWORD, ARRANGER = "diana_tester", "tester-of-tests", "diana_arranger"
MAKE_TESTERS: LiteralString = f"""
CREATE ROLE {TESTER} LOGIN SUPERUSER PASSWORD '{TESTERS_PASSWORD}';
CREATE ROLE {ARRANGER};
GRANT pg_read_all_stats, {APPLICATION} TO {ARRANGER};
"""
PASSWORDS = {role: f"{role}-of-tests" for role in (OWNER, APPLICATION, STAFF, DOOR)}


def runs_directory() -> Path:
    """Return the folder of this checkout's runs: in memory where there is room, else on the disk.

    The copy of a database is 700 small files. Making and removing them costs some file systems ten times as much.
    """
    FILES.mkdir(parents=True, exist_ok=True)
    checkout = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]
    directory = MEMORY / f"diana-{os.geteuid()}-{checkout}"
    with suppress(OSError):
        roomy = shutil.disk_usage(MEMORY).free > MEMORY_BYTES
        # The name can be guessed: somebody else may have made it.
        if roomy and not directory.is_symlink() and make_private_directory(directory).stat().st_uid == os.geteuid():
            if not LINK.is_symlink():
                LINK.symlink_to(directory)
            return directory
    return ON_DISK


RUNS = runs_directory()


class Servers:
    """The servers of this process of pytest; they end with it."""

    def __init__(self) -> None:
        self.directory = RUNS / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}"
        # Held as long as this process lives, however it ends: by it others know that the directory is in use.
        self._life = ExitStack()
        self._life.enter_context(locked(lock_of(self.directory)))
        self.postgres_port, self.valkey_port = ports.free_port(), ports.free_port()
        self._valkey = Valkey(self.directory / "valkey", port=self.valkey_port, appendonly=False)
        self._superuser_session: psycopg.Connection | None = None

    @cached_property
    def postgres(self) -> Postgres:
        """The cluster, running; commits survive a kill of a client, which is all that the tests kill lightly."""
        server = Postgres(self.directory / "postgres", port=self.postgres_port, durable=False)
        server.start()
        return server

    @cached_property
    def valkey(self) -> Valkey:
        """The broker, running, without memory of its own."""
        self._valkey.start()
        return self._valkey

    @property
    def redis_url(self) -> str:
        """Where the broker is, running or not, for the user who may do everything: tests empty it."""
        return self._valkey.url()

    def redis_variables(self) -> dict[str, str]:
        """Return where real processes find the broker, each as its own user."""
        return self._valkey.variables()

    def redis_refusals(self) -> list[str]:
        """Return what the broker has refused its users since it was started, if it runs: a right that the table lacks."""
        with redis.Redis.from_url(self.redis_url, socket_timeout=2, decode_responses=True) as client:
            try:
                log = client.acl_log()
            except redis.RedisError:
                return []
        return [f"{one['username']}: {one['reason']} {one['object']} ({one['client-info']})" for one in log]

    def url(self, role: str, database: str) -> str:
        """Return the address of a database for a role."""
        return f"postgres://{role}:{PASSWORDS[role]}@127.0.0.1:{self.postgres_port}/{database}"

    def addresses(self, database: str) -> dict[str, str]:
        """Return the variables by which processes find the database, each as its own role."""
        return {name: self.url(role, database) for name, role in VARIABLES.items()}

    def make_template(self) -> None:
        """Make the database that all others are copies of; empty as yet."""
        roles.prepare_database(self.postgres.admin_url(), TEMPLATE, OWNER, PASSWORDS)
        self._superuser().execute(MAKE_TESTERS)

    def clone(self) -> str:
        """Copy the template and return the copy's name. Nobody may be connected to the template."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.admin("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY", name, TEMPLATE, OWNER)
        return name

    def drop(self, database: str) -> None:
        """Remove a copy, whoever is still connected."""
        self.admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def admin(self, statement: str, *names: str) -> None:
        """Run one statement as the superuser, over a connection that is kept: a session costs a third of a copy."""
        composed = sql.SQL(statement).format(*map(sql.Identifier, names))  # type: ignore[arg-type]
        try:
            self._superuser().execute(composed)
        except psycopg.OperationalError:
            # Tests end the server and its sessions.
            if not self._superuser_session or not self._superuser_session.broken:
                raise
            self._superuser().execute(composed)

    def _superuser(self) -> psycopg.Connection:
        session = self._superuser_session
        if session is None or session.closed:
            session = self._superuser_session = psycopg.connect(self.postgres.admin_url(), autocommit=True)
        return session

    def stop(self) -> None:
        """End what was started and remove its files."""
        if self._superuser_session is not None:
            self._superuser_session.close()
        for name in ("postgres", "valkey"):
            if name in self.__dict__:
                self.__dict__[name].stop()
        remove(self.directory)
        if "PYTEST_XDIST_WORKER" not in os.environ:
            remove_leftovers()  # of runs that tests have killed
        with suppress(OSError):
            RUNS.rmdir()  # other processes may still have theirs in it


def lock_of(directory: Path) -> Path:
    """Return the file that the process of the directory's servers keeps locked."""
    return directory.with_name(f"{directory.name}.lock")


def remove(directory: Path) -> None:
    """Remove the directory of a process, then its lock."""
    shutil.rmtree(directory, ignore_errors=True)
    lock_of(directory).unlink(missing_ok=True)


def remove_leftovers() -> None:
    """End what runs that were killed have left, and remove their files."""
    for directory in {*RUNS.glob("*-[0-9]*/"), *ON_DISK.glob("*-[0-9]*/")}:
        with suppress(BlockingIOError), locked(lock_of(directory), wait=False):
            Postgres(directory / "postgres", durable=False).stop()
            Valkey(directory / "valkey", appendonly=False).stop()
            processes.end(processes.marked(MARK, str(directory)), seconds=5)
            remove(directory)


if "PYTEST_XDIST_WORKER" in os.environ:
    # What the controller's death would leave of its workers: they end at once, and their servers with them.
    with suppress(OSError):
        set_pdeathsig(signal.SIGKILL)
else:
    remove_leftovers()
servers = Servers()
# Where the files of the admin would be collected; WhiteNoise warns if it is not there.
(servers.directory / "static").mkdir(parents=True)
atexit.register(servers.stop)
# A proxy of the shell is not to be asked for what listens here.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]
os.environ |= {
    MARK: str(servers.directory),
    # Files of tests stay in the checkout; those of the last three runs are kept.
    "PYTEST_DEBUG_TEMPROOT": str(FILES),
    "DIANA_ENV": "test",
    "DIANA_STATE_DIR": str(servers.directory),
    **servers.addresses(TEMPLATE),
    # Code that runs in this process comes as its users, too.
    **{name: url for name, url in servers.redis_variables().items() if name in ("REDIS_URL", "CACHE_URL")},
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
