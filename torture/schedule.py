"""Fires faults by seed, each when so many operations were accepted; several at a time where they do not undo each other."""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torture.faults.registry import Fault, NotFired, all_faults
from torture.records import Records

if TYPE_CHECKING:
    from torture.world import World

AT_ONCE = 3
# Who is frozen cannot end, and one start has room for one failpoint.
ALONE = ("worker-failpoint", "telegram-failpoint", "worker-signals")
# After the load has stopped there is nobody to reach a failpoint.
LAST_SECONDS = 40
BACK_SECONDS = 30
# Who was killed looks alive for so long.
GONE_SECONDS = 0.2
# When a killed worker is back nothing else begins for so long: who needs longer to recover than is promised must be seen as
# that, and not as the next fault's victim. Faults that were there before go on.
CALM_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault that came to pass, in seconds of the epoch. From its end its own recovery counts, other faults' only from
    `over_at`: when what it took away is back.
    """

    fault: Fault
    started_at: float
    ended_at: float
    over_at: float


@dataclass(frozen=True, slots=True)
class Step:
    """A fault to come when so many operations were accepted."""

    after: int
    fault: Fault


def deck(seed: int, length: int, *, every: tuple[int, int]) -> list[Step]:
    """Return the steps of a seed. Ten seeds in a row begin at different places of the list, so that all kinds come up."""
    chance = random.Random(f"deck {seed}")
    kinds = sorted(all_faults().values(), key=lambda fault: fault.name)
    random.Random("order of the kinds").shuffle(kinds)
    start = seed * len(kinds) * 3 // 10
    after, steps = 0, []
    for number in range(length):
        after += chance.randint(*every)
        steps.append(Step(after, kinds[(start + number) % len(kinds)]))
    return steps


def _by_others(world: "World", chance: random.Random) -> None:
    """What others do is not for the schedule to do."""
    raise NotFired


class Faults:
    """The faults of one world, from a thread that waits for their moments."""

    def __init__(self, world: "World", records: Records, steps: Sequence[Step], *, seed: int) -> None:
        self.fired: list[Fired] = []
        self.not_fired: Counter[str] = Counter()
        self.errors: list[str] = []
        self._world, self._records, self._steps, self._seed = world, records, steps, seed
        self._world.busy.update({name: threading.Lock() for name in ALONE})
        self._calm_until: dict[int, float] = {}
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fault")
        self._thread = threading.Thread(target=self._run, name="faults", daemon=True)

    def start(self) -> None:
        """Begin to watch the count."""
        self._thread.start()

    def all_begun(self) -> bool:
        """Say whether every step has come."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Begin no more; wait for those that last."""
        self._ended.set()
        self._thread.join(LAST_SECONDS)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def is_calm(self) -> bool:
        """Say whether a killed worker is not yet back, or only just: nothing is to begin."""
        return time.monotonic() < max(list(self._calm_until.values()), default=0.0)

    def note(self, name: str, started: float, ended: float) -> None:
        """Count a fault that somebody else made, so that no other's recovery is measured while it lasts."""
        self.fired.append(Fired(Fault(name, _by_others), started, ended, ended))

    def _run(self) -> None:
        running: list[Future[None]] = []
        for number, step in enumerate(self._steps):
            if not self._records.wait_for(step.after, self._ended):
                break
            while sum(not future.done() for future in running) >= AT_ONCE and not self._ended.is_set():
                time.sleep(0.05)
            chance = random.Random(f"fault {self._seed} {number}")
            running.append(self._pool.submit(self._fire, step.fault, chance))

    def _fire(self, fault: Fault, chance: random.Random) -> None:
        with ExitStack() as held:
            for name in sorted(fault.needs):
                held.enter_context(self._world.busy[name])
            while self.is_calm() and not self._ended.is_set():
                time.sleep(0.05)
            if self._ended.is_set():
                return
            started = time.time()
            try:
                moment = fault.act(self._world, chance)
            except NotFired:
                self.not_fired[fault.name] += 1
                return
            except Exception as error:
                self.errors.append(f"{fault.name}: {type(error).__name__}: {error}")
                return
            ended = moment or time.time()
            began = started if moment is None else ended
            if fault.kills_worker:
                self._calm_until[threading.get_ident()] = math.inf
            self.fired.append(Fired(fault, began, ended, self._over_at(fault, ended)))
            if fault.kills_worker:
                self._calm_until[threading.get_ident()] = time.monotonic() + CALM_SECONDS

    def _over_at(self, fault: Fault, ended: float) -> float:
        """Wait until what the fault took away is back; return when everything is as before."""
        if not fault.takes_away:
            return ended
        time.sleep(GONE_SECONDS)
        deadline = time.monotonic() + BACK_SECONDS
        while not all(map(self._world.is_back, fault.takes_away)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return time.time()
