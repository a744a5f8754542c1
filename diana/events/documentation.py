"""What docs/events.md and the export of schemas say: every event type of the installed apps, told by its class."""

import inspect
import textwrap
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import msgspec
from django.apps import apps

from diana.events import catalogue, shapes, subscriptions
from diana.events.catalogue import Event
from diana.events.subscriptions import Subscriber

WIDTH = 120

_INTRODUCTION = """\
# Events

Every type of event that this code knows, what its payload holds and who subscribes. Made from the classes by
`manage.py events --markdown > docs/events.md`; change the classes, not this page. `manage.py events --schema` prints the
payloads as JSON schema.

Beside its payload each event has: an id, the type and its version, a key that keeps its order (the person's id, else
`system`), the person it is about, when it happened and the offset of their clock from UTC in minutes, when it was
recorded, the event that began it all (correlation) and the one that set it off (causation). Ids without another word are
those of our rows; nothing here is a name, a text or an id of Telegram's. In the class every event has `user_id` too.
"""


def declared() -> list[type[Event]]:
    """Return the event classes of the installed apps, by type."""
    classes = [catalogue.event_class(event_type) for event_type in catalogue.event_types()]
    return [cls for cls in classes if apps.get_containing_app_config(cls.__module__)]


def markdown() -> str:
    """Return docs/events.md."""
    spaces = groupby(declared(), key=lambda cls: cls.type.partition(".")[0])
    sections = [f"## {space}\n\n" + "\n".join(map(_entry, classes)) for space, classes in spaces]
    retired = ", ".join(f"`{event_type}`" for event_type in sorted(catalogue.RETIRED)) or "None."
    return "\n".join([_INTRODUCTION, *sections, f"## Retired types\n\n{retired}\n"])


def _entry(cls: type[Event]) -> str:
    kept = " Its payload is sealed." if cls.sealed else ""
    fields = shapes.fields_of(cls)
    rows = [f"| `{field.name}` | {shapes.in_words(field.type)}{_default(field)} |\n" for field in fields]
    table = "".join(["\n| field | holds |\n|---|---|\n", *rows]) if rows else ""
    handled = "; ".join(map(_who, _wanting(cls))) or "nobody"
    told = textwrap.fill(f"Version {cls.version}.{kept} {_told(cls)}", WIDTH, break_on_hyphens=False)
    return f"### `{cls.type}`\n\n{told}\n{table}\nSubscribers: {handled}.\n"


def _told(cls: type[Event]) -> str:
    """Return the class's docstring as one paragraph."""
    return " ".join(inspect.cleandoc(cls.__doc__ or "").split())


def _default(field: msgspec.inspect.Field) -> str:
    if field.required:
        return ""
    default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return f" (default `{msgspec.json.encode(default).decode()}`)"


def _wanting(cls: type[Event]) -> Iterable[Subscriber]:
    """Return the subscribers of the installed apps that want the type."""
    for subscriber in subscriptions.subscribers():
        if cls.type in subscriber.types and apps.get_containing_app_config(subscriber.function.__module__):
            yield subscriber


def _who(subscriber: Subscriber) -> str:
    told = ["tells the outside"] if subscriber.external else []
    told += [f"where {name} = `{value}`" for name, value in subscriber.where.items()]
    return f"`{subscriber.name}`" + (f" ({', '.join(told)})" if told else "")


def schemas() -> dict[str, Any]:
    """Return, by type: version, whether it is sealed, what it tells, and the JSON schema of its payload."""
    return {
        cls.type: {
            "version": cls.version,
            "sealed": cls.sealed,
            "description": _told(cls),
            "payload": shapes.schema(cls),
        }
        for cls in declared()
    }
