"""The table of what must come of each kind: complete, without dead entries, and told by docs/updates.md."""

import pytest
from django.conf import settings

from fuzz import page
from fuzz.expectations import TABLE, UnknownKind, expected_of
from fuzz.lines import NEVER_SENT, Line, lines


def test_each_line_is_of_a_kind_with_an_entry() -> None:
    for line in lines():
        expected_of(line)


def test_each_entry_has_a_line_that_tries_it() -> None:
    assert TABLE.keys() - {line.kind for line in lines()} == set()


def test_a_kind_without_an_entry_says_how_to_add_one() -> None:
    with pytest.raises(UnknownKind) as raised:
        expected_of(Line("a line", {"update_id": 1, "telepathy": {}}))
    assert "a line is of the kind 'telepathy'" in str(raised.value)
    assert "add an entry to TABLE" in str(raised.value)


def test_each_line_has_a_name_of_its_own() -> None:
    names = [line.name for line in lines()]
    assert len(names) == len(set(names))
    assert NEVER_SENT.keys() <= set(names)


def test_the_page_is_up_to_date() -> None:
    said = (settings.BASE_DIR / "docs" / "updates.md").read_text()
    assert said == page.markdown(), "docs/updates.md is stale: run `python -m fuzz --page > docs/updates.md`."
