"""What happens to processes: killed at every place of a transaction, frozen, asked to end."""

import os
import random
import signal
import time
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

from torture.faults.registry import NotFired, fault
from torture.proxy import PASS, Mode
from torture.settings_seconds import VISIBILITY_SECONDS
from torture.supervising import Supervised
from torture.world import World

# What a failpoint may wait for: the start of its worker, and enough to do.
REACHED_SECONDS = 20
END_SECONDS = 15
WORKERS = ("worker1", "worker2")


def _worker(world: World, chance: random.Random) -> Supervised:
    return world.crew[chance.choice(WORKERS)]


def _fail_at(member: Supervised, place: str, at: int, **more: str) -> float:
    """Start the member anew with a failpoint and return when it died of it."""
    member.next_life = {"FAILPOINT": place, "FAILPOINT_AT": str(at), **more}
    lives = len(member.lives)
    member.send_group(signal.SIGKILL)
    deadline = time.monotonic() + REACHED_SECONDS
    while time.monotonic() < deadline:
        if len(member.lives) > lives and member.lives[lives].ended_at:
            return member.lives[lives].ended_at
        time.sleep(0.05)
    raise NotFired


@fault("F01 kill before the transaction", "worker-failpoint", kills_worker=True, takes_away=WORKERS)
def before(world: World, chance: random.Random) -> float:
    """The worker dies when it holds the events and has done nothing."""
    return _fail_at(_worker(world, chance), "before", chance.randint(3, 12))


@fault("F02 kill inside the transaction", "worker-failpoint", kills_worker=True, takes_away=WORKERS)
def inside(world: World, chance: random.Random) -> float:
    """The worker dies when all effects are written and nothing is committed."""
    return _fail_at(_worker(world, chance), "inside", chance.randint(3, 12))


@fault("F03 kill after commit", "worker-failpoint", kills_worker=True, takes_away=WORKERS)
def after(world: World, chance: random.Random) -> float:
    """The worker dies between COMMIT and telling the broker."""
    return _fail_at(_worker(world, chance), "after", chance.randint(3, 12))


@fault("F03 kill the sender before the call", "telegram-failpoint", takes_away=("telegram",))
def before_call(world: World, chance: random.Random) -> float:
    """The process that talks to Telegram dies with claims in its hand."""
    return _fail_at(world.crew["telegram"], "before", chance.randint(3, 12))


@fault("F03 kill the sender before its record", "telegram-failpoint", takes_away=("telegram",))
def after_call(world: World, chance: random.Random) -> float:
    """The process that talks to Telegram dies when the message is out and nobody knows."""
    return _fail_at(world.crew["telegram"], "after", chance.randint(3, 12))


@fault("F04 kill with messages popped and replies lost", "valkey", kills_worker=True, takes_away=WORKERS)
def popped(world: World, chance: random.Random) -> float:
    """The broker hands messages out, the answers are lost, the worker dies."""
    link, member = world.links["valkey"], _worker(world, chance)
    link.set_mode(Mode(drops_replies=True))
    time.sleep(0.4)
    member.send_group(signal.SIGKILL)
    moment = time.time()
    link.set_mode(PASS)
    return moment


@fault("F05 kill a child of the pool", kills_worker=True, takes_away=WORKERS)
def child(world: World, chance: random.Random) -> float:
    """Only the process that works dies; its parent lives."""
    children = _worker(world, chance).children()
    if not children:
        raise NotFired
    with suppress(ProcessLookupError):
        os.kill(chance.choice(children), signal.SIGKILL)
    return time.time()


@fault("F06 kill a worker and its children", kills_worker=True, takes_away=WORKERS)
def group(world: World, chance: random.Random) -> float:
    """The whole process group dies."""
    _worker(world, chance).send_group(signal.SIGKILL)
    return time.time()


@fault("F06 kill both workers", takes_away=WORKERS)
def both(world: World, chance: random.Random) -> float:
    """Nobody is left who could work; they begin anew from nothing."""
    for name in WORKERS:
        world.crew[name].send_group(signal.SIGKILL)
    return time.time()


@fault("F06 kill the main process of a worker", kills_worker=True, takes_away=WORKERS)
def main_process(world: World, chance: random.Random) -> float:
    """The parent dies; its children go on until they notice."""
    _worker(world, chance).send(signal.SIGKILL)
    return time.time()


@fault("F06 kill the sender", takes_away=("telegram",))
def sender(world: World, chance: random.Random) -> float:
    """The process that talks to Telegram dies."""
    world.crew["telegram"].send_group(signal.SIGKILL)
    return time.time()


@fault("F06 kill the door", takes_away=("door",))
def door(world: World, chance: random.Random) -> float:
    """The webhook is away until its process is back."""
    world.crew["door"].send_group(signal.SIGKILL)
    return time.time()


@fault("F06 kill a relay", takes_away=("relay",))
def relay(world: World, chance: random.Random) -> float:
    """The relay dies."""
    world.crew["relay"].send_group(signal.SIGKILL)
    return time.time()


def _ask_to_end(member: Supervised, *numbers: signal.Signals) -> None:
    for number in numbers:
        member.send(number)
        time.sleep(0.2)
    if not member.wait_end(END_SECONDS):
        member.send_group(signal.SIGKILL)
        raise TooSlow(f"{member.name} did not end within {END_SECONDS} s of {[n.name for n in numbers]}")


class TooSlow(AssertionError):
    """A process that was asked to end did not."""


@fault("F07 SIGTERM a worker", "worker-signals", takes_away=WORKERS)
def term(world: World, chance: random.Random) -> None:
    """A warm stop: what is begun is finished."""
    _ask_to_end(_worker(world, chance), signal.SIGTERM)


@fault("F07 SIGTERM a worker twice", "worker-signals", takes_away=WORKERS)
def term_twice(world: World, chance: random.Random) -> None:
    """An impatient stop."""
    _ask_to_end(_worker(world, chance), signal.SIGTERM, signal.SIGTERM)


@fault("F07 SIGQUIT a worker", "worker-signals", takes_away=WORKERS)
def quit_(world: World, chance: random.Random) -> None:
    """A cold stop."""
    _ask_to_end(_worker(world, chance), signal.SIGQUIT)


@fault("F07 SIGTERM the relay", takes_away=("relay",))
def term_relay(world: World, chance: random.Random) -> None:
    """The relay is asked to end."""
    _ask_to_end(world.crew["relay"], signal.SIGTERM)


@fault("F10 freeze a worker for longer than the broker waits", "worker-signals")
def freeze(world: World, chance: random.Random) -> None:
    """Another worker gets its message; then both have it."""
    member = _worker(world, chance)
    pid = member.pid
    member.send_group(signal.SIGSTOP)
    time.sleep(VISIBILITY_SECONDS + chance.uniform(0.5, 2.5))
    if member.pid == pid:
        member.send_group(signal.SIGCONT)


@fault("F10 freeze a child of the pool", "worker-signals")
def freeze_child(world: World, chance: random.Random) -> None:
    """A task stands still wherever it happens to be, with its locks."""
    children = _worker(world, chance).children()
    if not children:
        raise NotFired
    _freeze(chance.choice(children), chance.uniform(1, 3))


def _freeze(pid: int, seconds: float) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.suspend()
        time.sleep(seconds)
        process.resume()


@fault("F26 a late writer whose session is gone", "worker-signals")
def late_writer(world: World, chance: random.Random) -> None:
    """A worker is frozen, its sessions are ended, others do its work; then it wakes up and writes."""
    member = _worker(world, chance)
    pid = member.pid
    member.send_group(signal.SIGSTOP)
    with suppress(Exception), world.admin() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'diana%'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
    time.sleep(chance.uniform(0.5, 2))
    if member.pid == pid:
        member.send_group(signal.SIGCONT)


@fault("F27 a task longer than the broker waits", "worker-failpoint", "worker-signals")
def long_task(world: World, chance: random.Random) -> None:
    """A worker holds its transaction open until its message is given to another."""
    member = _worker(world, chance)
    member.next_life = {
        "FAILPOINT": "late",
        "FAILPOINT_AT": str(chance.randint(3, 8)),
        "FAILPOINT_SECONDS": str(VISIBILITY_SECONDS + 0.5),
    }
    member.send_group(signal.SIGTERM)
    member.wait_end(END_SECONDS)
    time.sleep(VISIBILITY_SECONDS + 5)
