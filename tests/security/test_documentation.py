"""docs/security.md: each item of the standard once, each test that it names is there."""

import re

import pytest

from diana.local.instance import ROOT

PAGE = ROOT / "docs" / "security.md"
# How many items of levels 1 and 2 each section of OWASP ASVS 5.0.0 has; they are numbered from 1 on.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4, "3.4": 6,
    "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12,
    "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2,
    "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2,
    "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1,
    "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5,
    "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
EXPECTED = {f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)}


def rows() -> list[list[str]]:
    """Return the cells of each row that begins with items."""
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def items(cell: str) -> list[str]:
    """Return the items of a cell, as in "1.2.1, 1.2.4–6"."""
    found = re.findall(r"(\d+\.\d+)\.(\d+)(?:–(\d+))?", cell)
    return [f"{section}.{n}" for section, first, last in found for n in range(int(first), int(last or first) + 1)]


def test_each_item_of_levels_1_and_2_stands_there_once() -> None:
    found = [item for row in rows() for item in items(row[0])]
    assert sorted(item for item in EXPECTED if item not in found) == []
    assert sorted(item for item in found if item not in EXPECTED) == []
    assert len(found) == len(set(found)), sorted(item for item in found if found.count(item) > 1)


def test_each_row_has_a_test_or_says_why_not() -> None:
    for row in rows():
        assert len(row) == 3, row
        assert re.search(r"`tests/|`make |\*Not done|\*Does not apply|\(pending: \w+\)|\[.*\]\(", row[2]), row


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("s*.md"), key=str), ids=lambda path: path.name)
def test_what_it_names_is_there(page: object) -> None:
    text = page.read_text()  # type: ignore[attr-defined]
    named = re.findall(r"`(tests/[\w/.-]+)(?:::(\w+))?`", text)
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists()
        or (name and not re.search(rf"^(?:async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE))
    ]
    assert missing == []
    for link in re.findall(r"\]\(([\w/.-]+\.md)(?:#[\w-]+)?\)", text):
        assert (ROOT / "docs" / link).exists(), link


def test_it_names_many() -> None:
    assert len(set(re.findall(r"`(tests/[\w/.-]+::\w+)`", PAGE.read_text()))) > 100
