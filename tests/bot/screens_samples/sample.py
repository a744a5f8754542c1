"""What a sample is: a screen's function, and what to call it with. Strings that people or staff wrote are marked as such."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from apps.bot.screens.layout import Reply

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# The longest that an id of ours, or of a person, can be: buttons must still fit.
ME = 2**63 - 1
LONGEST_ID = 2**63 - 1


class Written(str):
    """What somebody wrote, in whatever language: it stands in the screen as it is."""

    __slots__ = ()


ADA = Written("Ada")
HTML = Written("<b>Ada</b> & <script>")
RIGHT_TO_LEFT = Written("עדה לאבלייס")
LONGEST_NAME = Written("W" * 62 + "<&")

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Sample(NamedTuple):
    """A call of a screen's function; content is in the language that is asked for."""

    function: Callable[..., Reply]
    case: str
    arguments: Callable[[str], Arguments]

    def __repr__(self) -> str:
        return f"{name_of(self.function)}[{self.case}]"

    def draw(self, language: str) -> Reply:
        """Return the screen; it speaks the language that is active."""
        positional, named = self.arguments(language)
        return self.function(*positional, **named)


def sample(function: Callable[..., Reply], case: str, *positional: Any, **named: Any) -> Sample:
    """Return a sample that is called with the same in each language."""
    return Sample(function, case, lambda language: (positional, named))


def content_sample(function: Callable[..., Reply], case: str, named: Callable[[str], dict[str, Any]]) -> Sample:
    """Return a sample that is called with content in the person's language."""
    return Sample(function, case, lambda language: ((), named(language)))


def name_of(function: Callable[..., Reply]) -> str:
    """Return the name of a screen's function, as in vip.bill."""
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string within, with the place where it stands: the same place for all items of a list."""
    if isinstance(value, str):
        yield path, value
    for name, part in _parts(value):
        yield from strings(part, f"{path}.{name}")


def with_string(value: Any, place: str, text: str, path: str = "") -> Any:
    """Return a copy of it that has this text at the place."""
    if isinstance(value, str):
        return text if path == place else value
    changed = [with_string(part, place, text, f"{path}.{name}") for name, part in _parts(value)]
    match value:
        case Mapping():
            return dict(zip(value, changed, strict=True))
        case tuple() if hasattr(value, "_fields"):
            return type(value)(*changed)
        case tuple() | list():
            return type(value)(changed)
    return value


def _parts(value: Any) -> list[tuple[str, Any]]:
    """Return what it is made of; nothing for what is whole."""
    match value:
        case Mapping():
            return [(str(key), part) for key, part in value.items()]
        case tuple() if hasattr(value, "_fields"):
            return list(zip(value._fields, value, strict=True))
        case tuple():
            return [(str(number), part) for number, part in enumerate(value)]
        case list():
            return [("*", part) for part in value]
    return []
