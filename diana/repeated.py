"""Saying once a minute what would otherwise be said for every message or pass."""

import time
from collections.abc import Hashable

SECONDS = 60.0
# More different things than this are not remembered: the oldest is said anew.
REMEMBERED = 1000

_said: dict[Hashable, float] = {}


def is_new(subject: Hashable) -> bool:
    """Say whether this process has not spoken about the subject for a minute; it is taken to do so now."""
    now = time.monotonic()
    if now - _said.get(subject, -SECONDS) < SECONDS:
        return False
    _said.pop(subject, None)
    _said[subject] = now
    if len(_said) > REMEMBERED:
        _said.pop(next(iter(_said)), None)
    return True
