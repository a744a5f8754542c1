"""What happens to Valkey: gone, empty, cut short, full, evicting, frozen."""

import random
import shutil
import time

import redis

from torture.faults.registry import fault
from torture.world import World


def _client(world: World) -> redis.Redis:
    return redis.Redis.from_url(world.servers.valkey.url(), socket_timeout=5)


def _restart(world: World, seconds: float) -> None:
    time.sleep(seconds)
    world.servers.valkey.start()


@fault("F16 kill Valkey, come back empty", "valkey")
def empty(world: World, chance: random.Random) -> None:
    """All queues and flags are gone."""
    world.servers.valkey.kill()
    shutil.rmtree(world.servers.valkey.directory / "appendonlydir", ignore_errors=True)
    _restart(world, chance.uniform(0.1, 2))


@fault("F17 kill Valkey, come back with its log", "valkey")
def with_log(world: World, chance: random.Random) -> None:
    """At most the last second is gone."""
    world.servers.valkey.kill()
    _restart(world, chance.uniform(0.1, 2))


@fault("F18 kill Valkey, come back with a log cut short", "valkey")
def cut_log(world: World, chance: random.Random) -> None:
    """The log ends in the middle of a command."""
    world.servers.valkey.kill()
    for path in (world.servers.valkey.directory / "appendonlydir").glob("*.incr.aof"):
        size = path.stat().st_size
        with path.open("r+b") as log:
            log.truncate(max(0, size - 7))
    _restart(world, 0.1)


@fault("F19 Valkey away for 6 s", "valkey")
def away(world: World, chance: random.Random) -> None:
    """People go on, and so do the points: the relay works by itself."""
    world.servers.valkey.kill()
    _restart(world, 6)


@fault("F20 Valkey full, refusing writes", "valkey")
def full(world: World, chance: random.Random) -> None:
    """maxmemory is reached, noeviction."""
    _be_full(world, "noeviction", chance.uniform(1, 3))


@fault("F21 Valkey full, evicting what it likes", "valkey")
def evicting(world: World, chance: random.Random) -> None:
    """maxmemory is reached, allkeys-lru: flags, queues and bindings vanish."""
    _be_full(world, "allkeys-lru", chance.uniform(1, 3))


def _be_full(world: World, policy: str, seconds: float) -> None:
    with _client(world) as client:
        client.config_set("maxmemory-policy", policy)
        client.config_set("maxmemory", "1mb" if policy == "noeviction" else "1100kb")
        time.sleep(seconds)
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")


@fault("F22 Valkey frozen", "valkey")
def frozen(world: World, chance: random.Random) -> None:
    """Connections stay open and nothing answers."""
    world.servers.valkey.pause()
    time.sleep(chance.uniform(0.5, 3))
    world.servers.valkey.resume()


@fault("F22 CLIENT PAUSE", "valkey")
def paused(world: World, chance: random.Random) -> None:
    """Commands of clients wait."""
    milliseconds = chance.randint(500, 2500)
    with _client(world) as client:
        client.execute_command("CLIENT", "PAUSE", milliseconds, "ALL")
    time.sleep(milliseconds / 1000)


@fault("F25 FLUSHALL", "valkey")
def flushed(world: World, chance: random.Random) -> None:
    """Everything in Valkey is gone at once."""
    with _client(world) as client:
        client.flushall()
