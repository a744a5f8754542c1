"""Reading what can be read of a JSON text, without the parts that are not as they were declared and can be missed; pure."""

import json
import re
from collections.abc import Collection
from typing import Any, TypeVar

import msgspec

from apps.bot.reading import Unreadable

T = TypeVar("T")
Path = list[str | int]

# A text has at most a hundred entities, each of which may be of a kind to come.
MOST = 256
# Without these nobody can say who or what it is: what holds them goes with them.
IDENTIFYING = ("id", "is_bot")
_PLACE = re.compile(r" - at `\$([^`]*)`\Z")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def salvage(text: str, shape: type[T], *, head: type[Any], whole: Collection[str]) -> T:
    """Return the text as the shape, without parts that are wrong. Raises Unreadable where that cannot be: where nothing
    would be left of a part of the whole, or something below a name of `whole` is wrong, of which nothing may be left out.

    Raises ValueError for what is no JSON, or has not even the shape `head`.
    """
    found = json.loads(text, parse_int=_whole_number, parse_constant=_refuse)
    msgspec.convert(found, head)
    for _ in range(MOST):
        try:
            return msgspec.convert(found, shape)
        except msgspec.ValidationError as error:
            path = _path(error)
            if len(path) < 2 or not set(path).isdisjoint(whole):
                raise Unreadable(f"{_words(path)} is not as Telegram documents it") from None
            _remove(found, path)
    raise Unreadable(f"more than {MOST} parts are not as Telegram documents them")


def _path(error: msgspec.ValidationError) -> Path:
    """Return what must go: the place of the error, or what it identifies; nothing for the text as a whole."""
    place = _PLACE.search(str(error))
    steps = _STEP.findall(place[1]) if place else []
    path: Path = [name or int(number) for name, number in steps]
    return path[:-1] if path and path[-1] in IDENTIFYING else path


def _whole_number(digits: str) -> int | float:
    """Return the number; a huge one as a float, which is no number of anything."""
    return int(digits) if len(digits) < 20 else float(digits)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _words(path: Path) -> str:
    return ".".join(map(str, path))


def _remove(found: Any, path: Path) -> None:
    for step in path[:-1]:
        found = found[step]
    del found[path[-1]]
