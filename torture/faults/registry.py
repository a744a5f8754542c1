"""The list of all faults, filled by @fault."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torture.world import World

# Returns the moment from which the recovery counts, if it is not the function's end.
Act = Callable[["World", random.Random], float | None]


class NotFired(Exception):
    """The fault did not come to pass: it is not counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. `needs`: what no other fault may hold meanwhile. `kills_worker`: one of two workers gets SIGKILL.

    `takes_away`: processes that are as they were only when they have begun anew.
    """

    name: str
    act: Act
    needs: tuple[str, ...] = ()
    kills_worker: bool = False
    takes_away: tuple[str, ...] = ()


_faults: dict[str, Fault] = {}


def fault(name: str, *needs: str, kills_worker: bool = False, takes_away: tuple[str, ...] = ()) -> Callable[[Act], Act]:
    """Register a fault under its name."""

    def register(act: Act) -> Act:
        assert name not in _faults, name
        _faults[name] = Fault(name, act, needs, kills_worker, takes_away)
        return act

    return register


def all_faults() -> dict[str, Fault]:
    """Return every fault by name."""
    return dict(_faults)
