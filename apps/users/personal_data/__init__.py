"""What this app, and the backbone below it, keep of people: one module for each kind, found by being here.

Each has PERSONAL and OTHER (see apps.users.privacy.Part), `export(person_id)` and `erase(person_id, now)`. The name of the
module is the name of its section in the export.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

from apps.users.privacy import Part

# Names the person, so that it can tell the others whose rows to look for: erased last.
LAST = "identity"


class Kept(Protocol):
    """What a module of this package is."""

    PERSONAL: Sequence[str]
    OTHER: Sequence[str]

    def export(self, person_id: int) -> Any:
        """Return what is kept of the person."""

    def erase(self, person_id: int, now: datetime) -> None:
        """Remove what says who the person is; a second call changes nothing."""


def modules() -> dict[str, Kept]:
    """Return the modules of this package by name, in the order in which they erase."""
    names = sorted((found.name for found in iter_modules(__path__)), key=lambda name: (name == LAST, name))
    return {name: import_module(f"{__name__}.{name}") for name in names}


def part() -> Part:
    """Return all of them as one part."""
    kept = modules()
    return Part(
        name="users",
        personal=tuple(column for module in kept.values() for column in module.PERSONAL),
        other=tuple(column for module in kept.values() for column in module.OTHER),
        export=lambda person_id: {name: module.export(person_id) for name, module in kept.items()},
        erase=_erase,
    )


def _erase(person_id: int, now: datetime) -> None:
    for module in modules().values():
        module.erase(person_id, now)
