"""The world of one seed: its database, a link to everything, all of Diana's processes, and a sandbox of Telegram."""

import functools
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from diana.local import ports
from diana.local.roles import VARIABLES
from diana.sandbox.client import SandboxClient
from torture import answers
from torture.answers import Answers
from torture.observing import Seen, observe
from torture.proxy import PASS, Link, running_links
from torture.servers import ROOT, TOKEN, Servers
from torture.supervising import Crew, Supervised, procfile

START_SECONDS = 60


class World:
    """What the load talks to and the faults fall upon."""

    def __init__(self, servers: Servers, database: str, links: dict[str, Link], sandbox_port: int) -> None:
        self.servers, self.database, self.links = servers, database, links
        self.directory = servers.directory / database
        self.directory.mkdir(parents=True)
        self.door_port = ports.free_port()
        self.sandbox = SandboxClient(f"http://{ports.LOOPBACK}:{sandbox_port}")
        self.crew = Crew()
        # One fault at a time for each of these: two that undo each other would be none.
        self.busy = {name: threading.Lock() for name in ("valkey", "postgres", "sandbox", *links)}
        # When single sessions were cut, in seconds of the epoch.
        self.cuts: list[float] = []
        self._sandbox_port = sandbox_port
        self._sandbox: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The superuser's address of the database, past the links."""
        return self.servers.postgres.admin_url(self.database)

    def environment(self, link: str) -> dict[str, str]:
        """Return the environment of a process that reaches PostgreSQL by this link."""
        return self.servers.environment(
            self.database,
            **{name: self.servers.url(role, self.database, self.links[link].port) for name, role in VARIABLES.items()},
            TELEGRAM_API_URL=f"http://{ports.LOOPBACK}:{self.links['telegram'].port}",
            DOOR_PORT=str(self.door_port),
            **self.servers.redis_variables(self.links["valkey"].port),
        )

    def start(self, *, relays: int = 1) -> None:
        """Start every process and wait until all are ready."""
        self._start_sandbox()
        commands = procfile()
        worker = commands["worker"].replace("worker@%h", "{name}@%h").replace("--loglevel INFO", "--loglevel WARNING")
        members = {"door": commands["door"], "telegram": commands["telegram"]}
        members |= {name: worker.format(name=name) for name in ("worker1", "worker2")}
        members |= dict.fromkeys(("relay", "relay2")[:relays], commands["relay"])
        for name, command in members.items():
            link = "door-postgres" if name == "door" else "workers-postgres"
            log = self.directory / f"{name}.log"
            self.crew.add(Supervised(name, command, self.environment(link), log))
        self.crew.watch()
        self.wait_until(lambda: ports.answers(self.door_port), "the door", START_SECONDS)
        for name in ("worker1", "worker2", "telegram"):
            self.wait_until(functools.partial(self.is_back, name), name, START_SECONDS)

    def is_back(self, name: str) -> bool:
        """Say whether a process takes work: it listens, has forked its pool, or says so."""
        member = self.crew[name]
        if name == "door":
            return ports.answers(self.door_port)
        return member.alive() and (bool(member.children()) or " ready." in member.printed())

    def _start_sandbox(self) -> None:
        command = [sys.executable, "-m", "diana.sandbox", "--port", str(self._sandbox_port), "--token", TOKEN]
        with (self.directory / "sandbox.log").open("ab") as log:
            self._sandbox = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        self.wait_until(self.sandbox.is_healthy, "the sandbox", START_SECONDS)

    def wait_until(self, condition: Callable[[], object], what: str, seconds: float) -> bool:
        """Wait for the condition; raises TimeoutError with the name of what did not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}: see {self.directory}")
            time.sleep(0.05)
        return True

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """A connection of the superuser, past the links; each statement commits."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            yield connection

    def observe(self) -> Seen:
        """Return what has become of everything so far."""
        calls = self.sandbox.calls(method="sendMessage")
        return observe(self.url, answers=Counter(c.chat for c in calls if c.chat is not None and c.status == 200))

    def answers(self) -> Answers:
        """Return how often each answer was sent so far, and the causes that the senders have named."""
        return answers.read(self.sandbox.calls(method="sendMessage"), self.directory)

    def deaths_of_senders(self) -> list[float]:
        """Return when a process ended that may have had calls under way: also the relay sends while Redis is away."""
        senders = [member for name, member in self.crew.members.items() if name.startswith(("telegram", "relay"))]
        return [life.ended_at for member in senders for life in member.lives if life.ended_at]

    def heal(self) -> None:
        """End every fault that may still last."""
        for link in self.links.values():
            link.set_mode(PASS)
        self.servers.postgres.start()
        self.servers.valkey.start()
        self.sandbox.behave_well()

    def ledger_is_proved(self) -> bool:
        """Run verify_ledger on the database."""
        command = [sys.executable, "manage.py", "verify_ledger", "--json"]
        environment = self.servers.environment(self.database)
        return (
            subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
        )

    def stop(self) -> None:
        """End everything that was started for this seed."""
        self.crew.stop()
        self.sandbox.close()
        if self._sandbox is not None:
            self._sandbox.terminate()
            self._sandbox.wait(10)


@contextmanager
def running_world(servers: Servers, name: str, *, relays: int = 1) -> Iterator[World]:
    """Run a world on a fresh database until the block ends."""
    sandbox_port = ports.free_port()
    postgres, valkey = servers.postgres.port, servers.valkey.port
    targets = {
        "door-postgres": postgres,
        "workers-postgres": postgres,
        "valkey": valkey,
        "telegram": sandbox_port,
    }
    database = servers.clone(name)
    with running_links(targets) as links:
        world = World(servers, database, links, sandbox_port)
        try:
            world.start(relays=relays)
            yield world
        finally:
            world.stop()
            servers.postgres.start()
            servers.valkey.start()
            servers.drop(database)
            _forget_broker(servers)


def _forget_broker(servers: Servers) -> None:
    import redis

    with redis.Redis.from_url(servers.redis_url()) as client:
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")
        client.flushall()


def tail(path: Path, characters: int = 3000) -> str:
    """Return the end of a log."""
    return path.read_text(errors="replace")[-characters:] if path.exists() else ""
