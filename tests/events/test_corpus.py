"""The golden corpus: what was ever stored is still understood, and nobody changes an event without saying so."""

from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from diana.events import Event, catalogue, corpus, evolution, shapes
from diana.events.corpus import Line
from diana.events.documentation import declared
from diana.events.fields import LocalDate

TYPE = "corpus.moved"


@pytest.mark.django_db
def test_every_event_that_was_ever_stored_is_still_understood():
    problems = corpus.problems(corpus.read(), declared())
    assert problems == [], "\n".join(["The golden corpus (tests/events/corpus/rows.jsonl):", *problems])


def test_the_corpus_is_there():
    assert len(corpus.read()) >= len(declared()) > 20


# What would be found. Each class stands for the program as it would be after a change, outside the catalogue.


def class_of(version: int = 1, **fields: Any) -> type[Event]:
    """Return a class of the type with these fields, known to the catalogue only where a test puts it there."""
    namespace = {"__annotations__": fields, "__module__": __name__, "__qualname__": "Moved"}
    catalogue._by_type.pop(TYPE, None)
    made: type[Event] = type(Event)("Moved", (Event,), namespace, type=TYPE, version=version)
    return made


@pytest.fixture(autouse=True)
def own_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the type and its upcasters out of the catalogue when the test ends."""
    monkeypatch.setattr(catalogue, "_by_type", dict(catalogue._by_type))
    monkeypatch.setattr(catalogue, "versions", dict(catalogue.versions))
    monkeypatch.setattr(evolution, "_steps", dict(evolution._steps))


@pytest.fixture
def first() -> Line:
    """The line of version 1."""
    return corpus.line_for(class_of(metres=int, name=str))


def problem(lines: list[Line], *classes: type[Event]) -> str:
    """Return what is found, and at most one thing."""
    found = corpus.problems(lines, classes)
    assert len(found) < 2, found
    return found[0] if found else ""


def test_it_finds_nothing_wrong_with_a_fresh_line(first: Line):
    assert problem([first], class_of(metres=int, name=str)) == ""


def test_it_finds_a_class_without_a_line():
    assert "has no line for version 1: run manage.py events --corpus" in problem([], class_of(metres=int))


@pytest.mark.parametrize(
    "fields",
    [
        {"metres": int},
        {"metres": int, "name": str, "more": int | None},
        {"metres": int, "nmae": str},
        {"metres": str, "name": str},
        {"metres": float, "name": str},
        {"metres": int | None, "name": str},
    ],
)
def test_it_finds_that_fields_changed_under_the_same_version(first: Line, fields: dict[str, Any]):
    found = problem([first], class_of(**fields))
    assert "have changed under the same version. Give it the next version and an @upcaster" in found


def test_it_takes_another_name_of_the_class_and_comments_for_the_same(first: Line):
    cls = class_of(metres=int, name=LocalDate)
    assert problem([first], cls) == ""
    cls.__name__ = "Renamed"
    catalogue.payload_schema.cache_clear()
    assert problem([first], cls) == ""


@pytest.mark.parametrize("change", [{"payload": '{"metres":12,"name":"some name"}'}, {"version": 2}, {"schema": {}}])
def test_it_finds_that_a_line_was_changed(first: Line, change: dict[str, Any]):
    changed = msgspec.structs.replace(first, **change)
    assert any(
        "the line was changed" in found for found in corpus.problems([changed], [class_of(metres=int, name=str)])
    )


def test_it_finds_that_an_old_line_was_removed():
    cls = class_of(version=2, metres=int)
    assert "has no line for version 1: lines of old versions are never removed" in problem([corpus.line_for(cls)], cls)


def test_it_finds_a_line_that_stands_twice(first: Line):
    assert "stands twice" in problem([first, first], class_of(metres=int, name=str))


def test_it_finds_a_type_that_is_gone_and_not_retired(first: Line, monkeypatch: pytest.MonkeyPatch):
    assert "list it in RETIRED" in problem([first])
    monkeypatch.setattr(catalogue, "RETIRED", frozenset({TYPE}))
    assert problem([first]) == ""


class Moved:
    """Version 2 of the type, in which centimetres are counted, with the step that leads to it."""

    FIELDS: ClassVar[dict[str, Any]] = {"centimetres": int, "name": str}

    @staticmethod
    def upcast(fields: dict[str, Any]) -> dict[str, Any]:
        return {"centimetres": 100 * fields["metres"], "name": fields["name"]}


@pytest.fixture
def second(first: Line) -> tuple[type[Event], list[Line]]:
    """Version 2 of the class, and the corpus with `current` of the old line corrected."""
    cls = class_of(version=2, **Moved.FIELDS)
    old = msgspec.structs.replace(first, current={"centimetres": 1100, "name": "some name"})
    return cls, [old, corpus.line_for(cls)]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Moved.upcast, ""),
        (None, "no upcaster leads from version 1 to 2"),
        (lambda fields: fields, "the present code cannot read it"),
        (lambda fields: Moved.upcast(fields) | {"metres": 11}, "unknown field `metres`"),
        (lambda fields: Moved.upcast({"metres": fields["meters"]}), "an upcaster fails: KeyError: 'meters'"),
        (
            lambda fields: Moved.upcast(fields) | {"centimetres": 11},
            'reads {"centimetres":11,"name":"some name"}, the corpus expects {"centimetres":1100,',
        ),
    ],
    ids=["right", "missing", "none", "too much", "misspelt", "other unit"],
)
def test_it_finds_a_step_that_is_missing_or_wrong(second: tuple[type[Event], list[Line]], step: Any, message: str):
    cls, lines = second
    if step:
        evolution._steps[TYPE, 1] = step
    found = problem(lines, cls)
    assert message in found
    assert bool(message) == bool(found)


def test_it_has_the_author_say_what_old_rows_mean_now(first: Line, second: tuple[type[Event], list[Line]]):
    evolution._steps[TYPE, 1] = Moved.upcast
    cls, [_, new] = second
    assert "correct the upcaster, or `current`" in problem([first, new], cls)


# Writing


def test_it_adds_what_is_missing_and_changes_nothing_else(tmp_path: Path, first: Line):
    path = tmp_path / "corpus" / "rows.jsonl"
    assert corpus.read(path) == []
    assert corpus.add_missing([class_of(metres=int, name=str)], path) == [first]
    written = path.read_bytes()
    newer = class_of(version=2, **Moved.FIELDS)
    assert [line.version for line in corpus.add_missing([newer], path)] == [2]
    assert path.read_bytes().startswith(written)
    assert corpus.add_missing([newer], path) == []
    assert [line.version for line in corpus.read(path)] == [1, 2]


def test_it_asks_for_words_where_a_field_has_a_type_without():
    with pytest.raises(shapes.Undescribed, match="teach it"):
        corpus.line_for(class_of(value=bytes))
