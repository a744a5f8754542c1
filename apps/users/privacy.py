"""The registry of personal data: which app keeps what of a person, how a copy is made of it and how it is removed.

Apps above register their part in AppConfig.ready(); export, erasure and the check over the schema work from this alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """What one app keeps about people.

    `personal` and `other` name every column of the app's tables, as in "bot_update.body" or "bot_refusal.*": those that
    erasure blanks or deletes, and those that say nothing about who somebody is. A column in neither is an error of the
    tests. `export` returns what is known of the person as JSON types. `erase` removes it, in the caller's transaction with
    the person's row locked; a second call changes nothing.
    """

    name: str
    personal: tuple[str, ...]
    other: tuple[str, ...]
    export: Callable[[int], dict[str, Any]]
    erase: Callable[[int, datetime], None]


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Add an app's part; a second one of the same name is an error."""
    assert part.name not in _parts or _parts[part.name] == part, part.name
    _parts[part.name] = part


def parts() -> list[Part]:
    """Return the parts in the order in which they are exported and erased: by name, `users` last, who names the rest."""
    return sorted(_parts.values(), key=lambda part: (part.name == "users", part.name))
