"""docs/events.md and the export of schemas say what the classes say."""

import json
from typing import Any, Literal

import pytest
from django.conf import settings

from diana.events import corpus, documentation, shapes
from diana.events.catalogue import Event, event_class, event_types
from diana.events.fields import Moment
from tests.events.conftest import Numbers, Register
from tests.events.declared import Confided, Happened
from tests.events.test_commands import said


def test_the_page_is_up_to_date():
    page = settings.BASE_DIR / "docs" / "events.md"
    stale = "docs/events.md is stale: run `python manage.py events --markdown > docs/events.md` and commit it."
    assert page.read_text() == documentation.markdown(), stale


def test_it_tells_of_every_class_of_the_program_and_of_none_of_the_tests(register: Register, numbers: Numbers):
    register(numbers, "#", cursors=False)
    page = said("events", "--markdown")
    program = [t for t in event_types() if not event_class(t).__module__.startswith("tests.")]
    assert [line[5:-1] for line in page.splitlines() if line.startswith("### ")] == program
    assert "`test." not in page


class Documented(Event, type="documented.all"):
    """Something with fields
    of all kinds.
    """

    count: int
    until: Moment | None
    marks: dict[str, float] = {}
    names: list[str] = []
    colour: Literal["red", "blue"] = "red"
    sure: bool = True


FIELDS = """\
| `count` | integer |
| `until` | null or text: a moment in UTC, ISO 8601 |
| `marks` | object of number (default `{}`) |
| `names` | list of text (default `[]`) |
| `colour` | `blue` or `red` (default `"red"`) |
| `sure` | true or false (default `true`) |
"""


def test_it_tells_version_meaning_fields_and_subscribers(register: Register, numbers: Numbers, monkeypatch: Any):
    register(numbers, "documented.*", external=True, where={"count": 1}, cursors=False)
    monkeypatch.setattr(documentation, "apps", Everything())
    entry = documentation._entry(Documented)
    head = "### `documented.all`\n\nVersion 1. Something with fields of all kinds.\n\n| field | holds |\n|---|---|\n"
    assert entry == f"{head}{FIELDS}\nSubscribers: `test.numbers` (tells the outside, where count = `1`).\n"


class Everything:
    """An installation to which all code belongs, that of the tests too."""

    def get_containing_app_config(self, module: str) -> bool:
        return True


def test_it_says_who_is_sealed():
    assert "Its payload is sealed." in documentation._entry(Confided)
    assert "sealed" not in documentation._entry(Happened)


@pytest.mark.parametrize("cls", [Documented, Happened, Confided])
def test_it_has_an_example_of_everything(cls: type[Event]):
    assert shapes.example(cls) == shapes.example(cls)


def test_it_exports_one_document_of_schemas():
    document = json.loads(said("events", "--schema"))
    assert sorted(document) == [cls.type for cls in documentation.declared()]
    message = document["game.message_sent"]
    assert (message["version"], message["sealed"]) == (2, False)
    payload = message["payload"]["$defs"]["MessageSent"]
    assert payload["properties"] == {
        "chat": {"type": "integer"}, "length": {"type": "integer"}, "content_digest": {"type": "string"},
        "place": {"enum": ["group", "private"], "default": "group"},
    }  # fmt: skip
    assert payload["additionalProperties"] is False


def test_it_says_what_it_added_to_the_corpus(monkeypatch: pytest.MonkeyPatch):
    lines = [corpus.line_for(Happened)]
    monkeypatch.setattr(corpus, "add_missing", lambda classes: [lines.pop()] if lines else [])
    assert said("events", "--corpus") == "added: test.happened version 1\n"
    assert said("events", "--corpus") == "complete\n"
