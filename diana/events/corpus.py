"""The golden corpus: one stored row of every version of every event type, which the present code must still understand.

A line is written once and never changed. It holds the payload as it was stored and the schema that its class had then, so
that a class whose fields change under the same version is found; `current` is what the row means today, and the only part
that is edited: by hand, when a new version gives old rows another shape.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from diana.events import catalogue, evolution, shapes
from diana.events.catalogue import Event, InvalidEvent, encode_payload

CORPUS = Path(settings.BASE_DIR) / "tests" / "events" / "corpus" / "rows.jsonl"
_WRITES = "run manage.py events --corpus, which adds what is missing, and commit what it wrote"


class Line(msgspec.Struct, frozen=True):
    """One row: `digest` covers all before it, `current` are the fields as the present code gives them."""

    type: str
    version: int
    payload: str
    schema: dict[str, Any]
    digest: str
    current: dict[str, Any]


def read(path: Path = CORPUS) -> list[Line]:
    """Return the lines of the corpus; none if there is no file yet."""
    written = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Line) for line in written]


def add_missing(classes: Iterable[type[Event]], path: Path = CORPUS) -> list[Line]:
    """Append a line for each present version that has none, and return them; what stands there is left as it is."""
    lines = read(path)
    known = {(line.type, line.version) for line in lines}
    fresh = [line_for(cls) for cls in classes if (cls.type, cls.version) not in known]
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        ordered = sorted(lines + fresh, key=lambda line: (line.type, line.version))
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in ordered))
    return fresh


def line_for(cls: type[Event]) -> Line:
    """Return the line of the class's present version, with an example."""
    payload, schema = encode_payload(shapes.example(cls)), shapes.bare_schema(cls)
    return Line(
        cls.type,
        cls.version,
        payload,
        schema,
        digest(cls.type, cls.version, payload, schema),
        msgspec.json.decode(payload),
    )


def digest(event_type: str, version: int, payload: str, schema: Mapping[str, Any]) -> str:
    """Return what shows that a line was changed after it was written: not a secret, so that changing it is an act."""
    text = msgspec.json.encode([event_type, version, payload, schema], order="deterministic")
    return hashlib.sha256(text).hexdigest()[:16]


def problems(lines: Iterable[Line], classes: Iterable[type[Event]]) -> list[str]:
    """Return in words what is wrong with the corpus, or with classes and upcasters in its light; each names the cure."""
    lines, classes = list(lines), list(classes)
    numbers = [(line.type, line.version) for line in lines]
    found = [
        f"{t} version {v} stands twice in the corpus." for t, v in sorted({n for n in numbers if numbers.count(n) > 1})
    ]
    for cls in classes:
        for version in range(1, cls.version + 1):
            if (cls.type, version) not in numbers:
                found.append(
                    f"{cls.type} has no line for version {version}: {_WRITES if version == cls.version else _LOST}."
                )
    by_type = {cls.type: cls for cls in classes}
    for line in lines:
        found += [
            f"{line.type} version {line.version}: {text}" for text in _line_problems(line, by_type.get(line.type))
        ]
    return found


_LOST = "lines of old versions are never removed, take it back out of the history"


def _line_problems(line: Line, cls: type[Event] | None) -> Iterable[str]:
    if line.digest != digest(line.type, line.version, line.payload, line.schema):
        yield "the line was changed, but what was stored does not change: take the change back."
    if cls is None:
        if line.type not in catalogue.RETIRED:
            yield "the type has no class any more: list it in RETIRED in diana/events/catalogue.py."
        return
    if line.version == cls.version and line.schema != shapes.bare_schema(cls):
        yield (
            "the fields of the class have changed under the same version. Give it the next version and an @upcaster from"
            f" this one, then {_WRITES}."
        )
        return
    yield from _reading_problems(line)


def _reading_problems(line: Line) -> Iterable[str]:
    """Read the row as a handler would."""
    try:
        fields = evolution.upcast(line.type, line.version, msgspec.json.decode(line.payload))
        catalogue.build(line.type, None, fields)
    except (InvalidEvent, evolution.NewerVersion, evolution.MissingUpcaster) as error:
        yield f"the present code cannot read it: {error}"
    except Exception as error:
        yield f"an upcaster fails: {type(error).__name__}: {error}"
    else:
        if fields != line.current:
            yield (
                f"the present code reads {msgspec.json.encode(fields).decode()}, the corpus expects"
                f" {msgspec.json.encode(line.current).decode()}: correct the upcaster, or `current` if it should be so."
            )
