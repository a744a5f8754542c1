"""What is said of an act of staff before it is done: how things stand, how they will stand, and what must not change between."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; `name` is for people."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do. `effect` is what matters of it as text: if that is another when it is confirmed, it is refused."""

    changes: tuple[Change, ...]
    effect: str
    notes: tuple[str, ...] = ()


class StateChanged(Exception):
    """Between preview and confirmation something changed that makes the act another one: look at the new preview."""
