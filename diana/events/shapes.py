"""What payloads look like: their types in words for people, as JSON schema for machines, and one example of each."""

from typing import Any

import msgspec
from msgspec import inspect

from diana.events.catalogue import Event, payload_schema

_WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "text",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
}
_EXAMPLES: dict[type[inspect.Type], Any] = {
    inspect.BoolType: True,
    inspect.NoneType: None,
}
# What does not change what a payload may be.
_COMMENTS = frozenset({"title", "description", "examples"})


class Undescribed(TypeError):
    """A field has a type that shapes.py has no words for: use one that it has, or teach it the new one."""


def fields_of(cls: type[Event]) -> list[inspect.Field]:
    """Return the fields of the payload with their types."""
    described = inspect.type_info(payload_schema(cls))
    assert isinstance(described, inspect.StructType)
    return list(described.fields)


def in_words(kind: inspect.Type) -> str:
    """Return what a field holds, e.g. `list of text` or `integer or null`; with the meaning that its type brings along."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            meaning = (extra or {}).get("description")
            return f"{in_words(inner)}: {meaning}" if meaning else in_words(inner)
        case inspect.UnionType(types=types):
            words = sorted(map(in_words, types), key=lambda word: word == "null")
            return " or ".join(reversed(words) if any(":" in word for word in words) else words)
        case inspect.ListType(item_type=item):
            return f"list of {in_words(item)}"
        case inspect.DictType(value_type=value):
            return f"object of {in_words(value)}"
        case inspect.LiteralType(values=values):
            return " or ".join(f"`{value}`" for value in values)
    if type(kind) not in _WORDS:
        raise Undescribed(f"{Undescribed.__doc__} ({kind})")
    return _WORDS[type(kind)]


def example_of(name: str, kind: inspect.Type, number: int) -> Any:
    """Return a value that the field may have: the example that its type brings along, a text made of its name, or `number`."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            examples = (extra or {}).get("examples")
            return examples[0] if examples else example_of(name, inner, number)
        case inspect.UnionType(types=types):
            return example_of(name, min(types, key=lambda each: isinstance(each, inspect.NoneType)), number)
        case inspect.ListType(item_type=item):
            return [example_of(name, item, number)]
        case inspect.DictType(value_type=value):
            return {name: example_of(name, value, number)}
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.StrType():
            return f"some {name}"
        case inspect.IntType():
            return number
        case inspect.FloatType():
            return number + 0.5
    if type(kind) not in _EXAMPLES:
        raise Undescribed(f"{Undescribed.__doc__} ({kind})")
    return _EXAMPLES[type(kind)]


def example(cls: type[Event]) -> Event:
    """Return an event of the class, about nobody: the same each time, and another number in each field."""
    fields = enumerate(fields_of(cls), 11)
    return cls(**{field.name: example_of(field.name, field.type, number) for number, field in fields})


def schema(cls: type[Event]) -> dict[str, Any]:
    """Return the JSON schema of the payload."""
    return msgspec.json.schema(payload_schema(cls))


def bare_schema(cls: type[Event]) -> dict[str, Any]:
    """Return what of the schema says which payloads are valid: no names of classes, no comments."""
    whole = schema(cls)
    definitions: dict[str, Any] = whole["$defs"]
    payload = definitions.pop(cls.__name__)
    found = {"properties": payload["properties"], "required": sorted(payload.get("required", []))}
    bare: dict[str, Any] = _without_comments(found | ({"$defs": definitions} if definitions else {}))
    return bare


def _without_comments(value: Any, *, names: bool = True) -> Any:
    """Leave comments out; `names`: the keys of this object are those of a schema, not of fields."""
    if isinstance(value, list):
        return [_without_comments(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_comments(item, names=not names or key not in ("properties", "$defs"))
        for key, item in value.items()
        if not (names and key in _COMMENTS)
    }
