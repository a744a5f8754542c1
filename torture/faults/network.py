"""What happens on the way: links that are slow, hang, lose replies and are cut."""

import random
import time

from torture.faults.registry import fault
from torture.proxy import PASS, Mode
from torture.world import World


def _for_a_while(world: World, link: str, mode: Mode, seconds: float) -> None:
    world.links[link].set_mode(mode)
    time.sleep(seconds)
    world.links[link].set_mode(PASS)


@fault("F23 Valkey's link hangs half open", "valkey")
def half_open(world: World, chance: random.Random) -> None:
    """Nothing arrives on either side, and nobody is told."""
    _for_a_while(world, "valkey", Mode(hangs=True), chance.uniform(1, 3))


@fault("F24 Valkey's link cut three times in two seconds", "valkey")
def cut_thrice(world: World, chance: random.Random) -> None:
    """Known to leave Celery's workers deaf."""
    for _ in range(3):
        world.links["valkey"].cut()
        time.sleep(0.6)


@fault("F22 Valkey's link slow", "valkey")
def slow_broker(world: World, chance: random.Random) -> None:
    """Each way takes as long as half of the limit for a call."""
    _for_a_while(world, "valkey", Mode(delay_seconds=0.1), 2)


@fault("F04 Valkey's replies lost", "valkey")
def lost_replies(world: World, chance: random.Random) -> None:
    """Messages are handed out and never arrive; then the connection is cut."""
    _for_a_while(world, "valkey", Mode(drops_replies=True), chance.uniform(0.2, 1))


@fault("F32 workers' sessions cut", "workers-postgres")
def cut_workers(world: World, chance: random.Random) -> None:
    """In the middle of whatever they were doing."""
    for _ in range(chance.randint(1, 3)):
        world.links["workers-postgres"].cut()
        time.sleep(chance.uniform(0.02, 0.3))


@fault("F32 the door's sessions cut", "door-postgres")
def cut_door(world: World, chance: random.Random) -> None:
    """In the middle of a request."""
    world.links["door-postgres"].cut()


@fault("F33 workers' COMMIT sent, reply lost", "workers-postgres")
def lost_commit_workers(world: World, chance: random.Random) -> None:
    """What they asked for is done, and they never hear of it."""
    _for_a_while(world, "workers-postgres", Mode(drops_replies=True), chance.uniform(0.1, 0.5))


@fault("F33 the door's COMMIT sent, reply lost", "door-postgres")
def lost_commit_door(world: World, chance: random.Random) -> None:
    """The update is kept and Telegram hears of an error, or nothing."""
    _for_a_while(world, "door-postgres", Mode(drops_replies=True), chance.uniform(0.1, 0.5))


@fault("F42 workers' link to PostgreSQL slow", "workers-postgres")
def slow_workers(world: World, chance: random.Random) -> None:
    """Every statement takes 40 ms more."""
    _for_a_while(world, "workers-postgres", Mode(delay_seconds=0.02), 2)


@fault("F32 the door's link to PostgreSQL hangs", "door-postgres")
def hung_door(world: World, chance: random.Random) -> None:
    """Requests wait for a database that does not answer."""
    _for_a_while(world, "door-postgres", Mode(hangs=True), chance.uniform(0.5, 2))


@fault("F57 Telegram's answers lost", "telegram")
def lost_answers(world: World, chance: random.Random) -> None:
    """The message is out, and nobody learns of it."""
    _for_a_while(world, "telegram", Mode(drops_replies=True), chance.uniform(0.2, 1))


@fault("F57 Telegram's link cut", "telegram")
def cut_telegram(world: World, chance: random.Random) -> None:
    """In the middle of a call."""
    world.links["telegram"].cut()
