"""What Telegram does: asks to wait, fails, does not answer."""

import random
import time
from contextlib import suppress

import httpx

from torture.faults.registry import fault
from torture.world import World


@fault("F57 Telegram asks to wait", "sandbox")
def flooded(world: World, chance: random.Random) -> None:
    """429 with retry_after."""
    _fail(world, [{"status": 429, "retry_after": 1} for _ in range(chance.randint(1, 4))])


@fault("F57 Telegram fails", "sandbox")
def failing(world: World, chance: random.Random) -> None:
    """500 and 502."""
    _fail(world, [{"status": chance.choice((500, 502))} for _ in range(chance.randint(1, 6))])


def _fail(world: World, failures: list[dict[str, int]]) -> None:
    with suppress(httpx.HTTPError):
        world.sandbox.behave(fail_next=failures)
    time.sleep(1)


@fault("F57 Telegram does not answer", "sandbox")
def hanging(world: World, chance: random.Random) -> None:
    """Calls are taken and never answered."""
    with suppress(httpx.HTTPError):
        world.sandbox.behave(hang=True)
    time.sleep(chance.uniform(0.5, 2))
    with suppress(httpx.HTTPError):
        world.sandbox.behave(hang=False)
