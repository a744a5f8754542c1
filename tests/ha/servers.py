"""Valkey servers that belong together: a master with replicas and Sentinels, or a cluster; all on loopback."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from diana.local import ports
from diana.local.valkey import Valkey
from diana.redis_users import USERS
from tests.processes import ROOT, wait_until

PASSWORD, SENTINEL_PASSWORD = "password-of-tests", "sentinels-of-tests"
SERVICE = "diana"


class Server(Valkey):
    """A server with more lines in its configuration."""

    def __init__(self, directory: Path, *lines: str) -> None:
        super().__init__(directory, port=ports.free_port(), appendonly=False)
        self.lines = list(lines)

    def _lines(self) -> list[str]:
        return [*super()._lines(), *self.lines]


class Member(Server):
    """A server with the users of Diana, of Sentinels and of replicas, whose passwords its fellows have too."""

    def __init__(self, directory: Path, *lines: str) -> None:
        super().__init__(directory, "masteruser replica", f"masterauth {PASSWORD}", *lines)

    def client(self) -> redis.Redis:
        """Return a client that may do everything."""
        return redis.Redis.from_url(self.url(), socket_timeout=2)

    def refusals(self) -> list[dict[str, str]]:
        """Return what its users were refused."""
        found: list[dict[str, str]] = self.client().acl_log()
        return found

    def _password(self, user: str) -> str:
        return f"{PASSWORD}-{user}"

    def _user_lines(self) -> list[str]:
        return [*super()._user_lines(), *(line.replace("\u2026", PASSWORD) for line in documented_users())]


def documented_users() -> list[str]:
    """Return the lines of the users of Sentinels and replicas, as operations.md has them."""
    text = (ROOT / "docs" / "operations.md").read_text()
    return re.findall(r"^    (user (?:sentinel|replica) .*)$", text, re.MULTILINE)


class SentinelServer(Server):
    """A Sentinel, which rewrites its own configuration."""

    def __init__(self, directory: Path, master: int) -> None:
        super().__init__(directory)
        self.lines = [
            f"requirepass {SENTINEL_PASSWORD}",
            f"sentinel sentinel-pass {SENTINEL_PASSWORD}",
            f"sentinel monitor {SERVICE} 127.0.0.1 {master} 2",
            f"sentinel auth-user {SERVICE} sentinel",
            f"sentinel auth-pass {SERVICE} {PASSWORD}",
            f"sentinel down-after-milliseconds {SERVICE} 500",
            f"sentinel failover-timeout {SERVICE} 3000",
        ]

    def _lines(self) -> list[str]:
        ours = ("bind", "port", "protected-mode", "dir", "pidfile", "set-proc-title")
        return [*(line for line in Valkey._lines(self) if line.startswith(ours)), *self.lines]

    def command(self, *, dies_with_parent: bool = True) -> list[str]:
        """Return the command of the Sentinel."""
        return [*super().command(dies_with_parent=dies_with_parent), "--sentinel"]

    def client(self) -> redis.Redis:
        """Return a client of the Sentinel."""
        return redis.Redis(port=self.port, password=SENTINEL_PASSWORD, socket_timeout=2)

    def ready(self) -> bool:
        """Say whether it answers."""
        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False


class Watched:
    """A master, a replica and three Sentinels."""

    def __init__(self, directory: Path) -> None:
        self.members = [Member(directory / "one"), Member(directory / "two")]
        self.members[0].start()
        self.members[1].lines.append(f"replicaof 127.0.0.1 {self.members[0].port}")
        self.members[1].start()
        self.sentinels = [SentinelServer(directory / f"sentinel{n}", self.members[0].port) for n in range(3)]
        for sentinel in self.sentinels:
            sentinel.start()
        wait_until(self._complete, "the Sentinels to know each other and the replica")

    def variables(self) -> dict[str, str]:
        """Return the addresses of all kinds of processes, by their variables."""
        places = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        end = f"@{places}/{SERVICE}?db=0&sentinel_password={SENTINEL_PASSWORD}"
        return {user.variable: f"sentinel://{user.name}:{PASSWORD}-{user.name}{end}" for user in USERS}

    def _complete(self) -> bool:
        states = [s.client().sentinel_master(SERVICE) for s in self.sentinels]
        return all(s["num-other-sentinels"] == 2 and s["num-slaves"] == 1 for s in states)

    def master(self) -> Member:
        """Return who is the master, as the first Sentinel has it."""
        _, port = self.sentinels[0].client().sentinel_get_master_addr_by_name(SERVICE)
        return next(member for member in self.members if member.port == int(port))

    def stop(self) -> None:
        """End all of them."""
        for server in [*self.sentinels, *self.members]:
            server.kill()


@contextmanager
def watched_master(directory: Path) -> Iterator[Watched]:
    """Yield a master with a replica and Sentinels, all running."""
    watched = Watched(directory)
    try:
        yield watched
    finally:
        watched.stop()


class Cluster:
    """Three masters, and a replica of the first."""

    def __init__(self, directory: Path) -> None:
        lines = ("cluster-enabled yes", "cluster-node-timeout 500", "cluster-replica-validity-factor 0")
        self._bus = [ports.free_port() for _ in range(4)]
        self.members = [
            Member(directory / f"node{n}", *lines, f"cluster-port {port}") for n, port in enumerate(self._bus)
        ]
        for member in self.members:
            member.start()
        self._meet()

    @property
    def url(self) -> str:
        """The address as CACHE_URL takes it; two of the nodes are named."""
        account = f"diana-cache:{PASSWORD}-diana-cache"
        return f"redis+cluster://{account}@127.0.0.1:{self.members[0].port},127.0.0.1:{self.members[1].port}"

    def _meet(self) -> None:
        clients = [member.client() for member in self.members]
        first = clients[0]
        for number, (low, high) in enumerate(((0, 5460), (5461, 10922), (10923, 16383))):
            clients[number].execute_command("CLUSTER ADDSLOTSRANGE", low, high)
            clients[number].execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for member, bus in zip(self.members[1:], self._bus[1:], strict=True):
            first.execute_command("CLUSTER MEET", "127.0.0.1", member.port, bus)
        name = first.execute_command("CLUSTER MYID")
        wait_until(lambda: len(clients[3].execute_command("CLUSTER NODES")) == 4, "the nodes to meet")
        clients[3].execute_command("CLUSTER REPLICATE", name)
        wait_until(lambda: all(self._is_complete(client) for client in clients), "the cluster")

    def _is_complete(self, client: redis.Redis) -> bool:
        state = client.execute_command("CLUSTER INFO")
        replicas = [node for node in client.execute_command("CLUSTER NODES").values() if "slave" in node["flags"]]
        return state["cluster_state"] == "ok" and len(replicas) == 1 and self._replica_follows()

    def _replica_follows(self) -> bool:
        return self.members[3].client().info("replication").get("master_link_status") == "up"

    def stop(self) -> None:
        """End all of them."""
        for member in self.members:
            member.kill()


@contextmanager
def cluster(directory: Path) -> Iterator[Cluster]:
    """Yield a running cluster."""
    found = Cluster(directory)
    try:
        yield found
    finally:
        found.stop()
