"""The corpus: one update a line, with a name; and which of them Telegram itself never sends."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fuzz.kinds import kind_of

CORPUS = Path(__file__).parent / "corpus"
# Taken from the suites of public libraries; written from Telegram's documentation and reports; added for kinds without a line.
FILES = ("updates", "written", "added")

# Lines that Telegram never sends, and why: they may be refused with 400 or set aside, and nothing may come of them.
NEVER_SENT = {
    "3196_paid_anonymous": "whoever pays a bill is a person",
    "3197_paid_by_channel": "whoever pays a bill is a person",
    "0498_pre_checkout_query": "the number of the question is no text, the amount no number, and a bot is to pay",
}


class Line(NamedTuple):
    """An update of the corpus."""

    name: str
    update: dict[str, Any]

    @property
    def kind(self) -> str:
        """What is expected of it: a key of expectations.TABLE."""
        return kind_of(self.update)


@cache
def lines() -> tuple[Line, ...]:
    """Return the corpus in the order of its files."""
    return tuple(line for file in FILES for line in read(CORPUS / f"{file}.jsonl"))


def one_of_each_kind(chosen: Iterable[Line]) -> list[Line]:
    """Return the first line of each kind."""
    first: dict[str, Line] = {}
    for line in chosen:
        first.setdefault(line.kind, line)
    return list(first.values())


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a file."""
    with path.open(encoding="utf-8") as file:
        for found in map(json.loads, file):
            yield Line(found["name"], found["update"])
