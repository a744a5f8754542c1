"""The closed catalogue of event types: every type that may stand in the log has a class here, or is listed as retired."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

import msgspec

# Types that stand in old logs and have no class any more: skipped by every subscriber.
RETIRED: frozenset[str] = frozenset()

_by_type: dict[str, "type[Event]"] = {}
# The present version of each type: asked for every event that is read.
versions: dict[str, int] = {}
# Types that stand in old rows under a name which their class has given up, and the name they have now.
renamed: dict[str, str] = {}


class InvalidEvent(ValueError):
    """A field of an event has the wrong type or holds what PostgreSQL cannot store; build the event from valid data."""


class EventMeta(msgspec.StructMeta):
    """Registers each event class under its type and builds the schema that validates its payload."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        type: str = "",
        version: int = 1,
        sealed: bool = False,
    ) -> Any:
        """Create the class frozen and keyword-only; what it decodes may have no other fields."""
        cls: Any = super().__new__(mcls, name, bases, namespace, frozen=True, kw_only=True, forbid_unknown_fields=True)
        cls.type, cls.version, cls.sealed = type, version, sealed
        return cls

    def __init__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        type: str = "",
        version: int = 1,
        sealed: bool = False,
    ) -> None:
        """Register the class; a type is taken once."""
        super().__init__(name, bases, namespace)
        if not type:
            return
        if type in renamed:
            raise TypeError(f"Event type {type!r} is a former name of {renamed[type]!r}: choose another.")
        known = _by_type.get(type)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"Event type {type!r} is taken by {known.__module__}.{known.__qualname__}: choose another.")
        _by_type[type] = cls  # type: ignore[assignment]  # every class with a type is an Event
        versions[type] = version
        _take_former_names(type, namespace.get("formerly", ()))


def _take_former_names(event_type: str, formerly: Iterable[str]) -> None:
    """Note the names under which events of the type stand in old rows; nobody else may have them."""
    for name in formerly:
        if name in _by_type or renamed.get(name, event_type) != event_type:
            raise TypeError(f"{event_type} cannot be the former {name!r}: that name is another type's.")
        renamed[name] = event_type


if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
    class _Typed(msgspec.Struct, frozen=True, kw_only=True):
        def __init_subclass__(cls, *, type: str = "", version: int = 1, sealed: bool = False) -> None: ...

else:
    _Typed = EventMeta("_Typed", (msgspec.Struct,), {"__annotations__": {}})


class Event(_Typed):
    """A fact in the past tense: subclass with `type="namespace.what_happened"`; fields hold ids and numbers, never personal data.

    `user_id` is the person it is about (our id), or None. It stands in the envelope, not in the payload. Whoever changes
    the fields raises `version` and adds an upcaster. `sealed=True` keeps the payload encrypted. A class that was given
    another type lists the old one in `formerly`: its rows are read under the new name.
    """

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1
    sealed: ClassVar[bool] = False
    formerly: ClassVar[tuple[str, ...]] = ()

    user_id: int | None = None

    def __post_init__(self) -> None:
        """Validate every field: msgspec itself validates only what it decodes."""
        validate(self)


@cache
def payload_schema(event_class: type[Event]) -> type[msgspec.Struct]:
    """Return a struct with the fields of the class but `user_id`: what the log's payload must look like."""
    fields: list[Any] = [
        (field.name, field.type, _default(field))
        for field in msgspec.structs.fields(event_class)
        if field.name != "user_id"
    ]
    return msgspec.defstruct(event_class.__name__, fields, kw_only=True, forbid_unknown_fields=True)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    """Return a field's default as defstruct() takes it."""
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.field() if field.default is msgspec.NODEFAULT else field.default


@cache
def _payload_fields(event_class: type[Event]) -> tuple[str, ...]:
    return tuple(name for name in event_class.__struct_fields__ if name != "user_id")


def validate(event: Event) -> None:
    """Raise InvalidEvent if a field is not what its class says or cannot be stored."""
    cls = type(event)
    if event.user_id is not None and type(event.user_id) is not int:
        raise InvalidEvent(f"{cls.type}: user_id must be an integer, not {event.user_id!r}.")
    values = _payload(event)
    try:
        text = msgspec.json.encode(msgspec.convert(values, payload_schema(cls)))
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise InvalidEvent(f"{cls.type}: {error}") from error
    if b"\\u0000" in text and any("\0" in value for value in _strings(values)):
        raise InvalidEvent(f"{cls.type}: a text holds NUL, which PostgreSQL cannot store.")


def encode_payload(event: Event) -> str:
    """Return the payload as JSON text; the event is valid, or it could not have been built."""
    return msgspec.json.encode(_payload(event)).decode()


def _payload(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _payload_fields(type(event))}


def _strings(value: Any) -> Iterable[str]:
    """Yield every text inside, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _strings(list(pair))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _strings(item)


def decode(event_type: str, user_id: int | None, payload: str) -> Event:
    """Build the event from its present fields as JSON; raises KeyError for an unknown type, InvalidEvent, DecodeError."""
    fields = msgspec.json.decode(payload)
    if not isinstance(fields, dict):
        raise InvalidEvent(f"{event_type}: the fields must be a JSON object.")
    return build(event_type, user_id, fields)


def build(event_type: str, user_id: int | None, fields: dict[str, Any]) -> Event:
    """Build the event from its present fields; raises KeyError for an unknown type, InvalidEvent for wrong or other fields."""
    cls = _by_type[event_type]
    if "user_id" in fields:
        raise InvalidEvent(f"{event_type}: user_id stands in the envelope and is no field of the payload.")
    try:
        return msgspec.convert(fields | {"user_id": user_id}, cls)
    except msgspec.ValidationError as error:
        raise InvalidEvent(f"{event_type}: {error}") from error


def event_class(event_type: str) -> type[Event]:
    """Return the class of a type, or of a former name of it; raises KeyError if there is none."""
    return _by_type[renamed.get(event_type, event_type)]


def event_types() -> list[str]:
    """Return every known type, sorted."""
    return sorted(_by_type)


def is_known(event_type: str) -> bool:
    """Say whether the type has a class, had one under another name, or is retired."""
    return event_type in _by_type or event_type in renamed or event_type in RETIRED


def names_in_log(event_type: str) -> list[str]:
    """Return the names under which events of the type stand in the log: its own first, then former ones, sorted."""
    return [event_type, *sorted(old for old, now in renamed.items() if now == event_type)]


def matches(pattern: str, event_type: str) -> bool:
    """Say whether the type fits the pattern: `*` stands for one segment, `#` for any number of them."""
    return _matches(pattern.split("."), event_type.split("."))


def _matches(pattern: list[str], segments: list[str]) -> bool:
    if not pattern:
        return not segments
    if pattern[0] == "#":
        return any(_matches(pattern[1:], segments[start:]) for start in range(len(segments) + 1))
    return bool(segments) and pattern[0] in ("*", segments[0]) and _matches(pattern[1:], segments[1:])
