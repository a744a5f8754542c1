"""What is said of an act of staff before it is done: how things stand, how they will stand, and what must not change between."""

import re
from dataclasses import dataclass

KEY = re.compile(r"[A-Za-z0-9_:.-]{1,100}")


def is_key(text: str) -> bool:
    """Say whether an act of staff may have the text as its key: 1 to 100 letters, digits and _ : . -"""
    return KEY.fullmatch(text) is not None


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
