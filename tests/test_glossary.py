"""The glossary: thirty words, in their order, that the code really uses."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from diana.local.instance import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# A word that the code has nearly given up is not one of those it uses most.
OFTEN = 100
OTHER_FORMS = {"claim": "claimed", "entry": "entries", "hold": "held", "person": "people"}


def first_cells(part: str) -> list[str]:
    """Return the first column of the table, without its head."""
    return re.findall(r"^\| (\w+) \|", part, re.MULTILINE)[1:]


MEANINGS, SEVERAL = map(first_cells, GLOSSARY.split("## One word, several meanings"))


@pytest.fixture(scope="module")
def counted() -> Counter[str]:
    """How often each word is a part of an identifier."""
    sources = [path for folder in ("apps", "diana") for path in (ROOT / folder).rglob("*.py")]
    return Counter(word for path in sources if "migrations" not in path.parts for word in words(path))


def words(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for field in ("id", "attr", "arg", "name"):
            if isinstance(name := getattr(node, field, None), str):
                yield from (word.lower() for word in WORDS.findall(name))


def test_it_has_thirty_words_in_alphabetical_order() -> None:
    assert len(MEANINGS) == 30
    assert sorted(set(MEANINGS)) == MEANINGS
    assert sorted(set(SEVERAL)) == SEVERAL
    assert set(SEVERAL) <= set(MEANINGS)


@pytest.mark.parametrize("word", MEANINGS)
def test_the_code_uses_it(word: str, counted: Counter[str]) -> None:
    forms = {word, f"{word}s", OTHER_FORMS.get(word, word)}

    assert sum(counted[form] for form in forms) >= OFTEN


@pytest.mark.parametrize("named", re.findall(r"`([\w/]+\.py)`", GLOSSARY))
def test_it_names_files_that_are_there(named: str) -> None:
    assert list(ROOT.glob(f"apps/**/{named}")) or list(ROOT.glob(f"diana/**/{named}")) or (ROOT / named).exists()
