"""How old events are read by new code: one pure step per version, composed. The log itself is never rewritten."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from diana.events import catalogue

Fields = dict[str, Any]
Step = Callable[[Fields], Fields]

_steps: dict[tuple[str, int], Step] = {}


class NewerVersion(RuntimeError):
    """The log holds a version of an event that this code does not know: newer code wrote it, deploy that. The lane waits."""


class MissingUpcaster(RuntimeError):
    """No upcaster leads on from the stored version, which `manage.py check` says at every start (events.E023)."""


class _Versioned(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def version(self) -> int: ...


def upcaster(event_type: str, *, from_version: int) -> Callable[[Step], Step]:
    """Register a function that turns the fields of one version into those of the next.

    It stands beside the event's class, is pure, and is never changed once events of `from_version` are in a log.
    """

    def register(step: Step) -> Step:
        known = _steps.setdefault((event_type, from_version), step)
        if (known.__module__, known.__qualname__) != (step.__module__, step.__qualname__):
            raise TypeError(
                f"{event_type!r} has an upcaster from version {from_version} already: {known.__qualname__}."
            )
        return step

    return register


def upcast(event_type: str, version: int, fields: Fields) -> Fields:
    """Return the fields as the present class has them; those of a type without a class as they are.

    Raises NewerVersion, MissingUpcaster, and whatever a step raises.
    """
    current = catalogue.versions.get(event_type)
    if current is None:
        return fields
    if version > current:
        raise NewerVersion(_newer(event_type, version))
    for number in range(version, current):
        step = _steps.get((event_type, number))
        if step is None:
            raise MissingUpcaster(f"{event_type}: no upcaster leads from version {number} to {number + 1}.")
        fields = step(fields)
    return fields


def refuse_newer(events: Iterable[_Versioned]) -> None:
    """Raise NewerVersion if newer code wrote one of them: whoever moved on would handle it wrongly or lose it."""
    versions = catalogue.versions
    for event in events:
        if event.version > versions.get(event.type, event.version):
            raise NewerVersion(_newer(event.type, event.version))


def _newer(event_type: str, version: int) -> str:
    known = catalogue.versions[event_type]
    return f"{event_type} stands in the log in version {version}, this code knows {known}: deploy the newer code."


def gaps() -> list[str]:
    """Return in words which steps are missing between version 1 and the present one of each class."""
    return [
        f"{event_type}: no upcaster leads from version {number} to {number + 1}."
        for event_type, version in sorted(catalogue.versions.items())
        for number in range(1, version)
        if (event_type, number) not in _steps
    ]


def strays() -> list[str]:
    """Return in words which upcasters lead nowhere: for a type without a class, or beyond its present version."""
    return [
        f"The upcaster {step.__qualname__} leads from version {number} of {event_type}, "
        + (
            f"whose class has version {version}."
            if (version := catalogue.versions.get(event_type))
            else "an unknown type."
        )
        for (event_type, number), step in sorted(_steps.items(), key=lambda item: item[0])
        if not 1 <= number < catalogue.versions.get(event_type, 0)
    ]
