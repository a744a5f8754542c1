"""Canaries: words that must stay where they belong, and the search for them in all that is shown or passed on."""

import base64
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from diana.logs import LineFormatter

# Of a shorter word an accident could be an occurrence.
MIN_LENGTH = 6


@dataclass(frozen=True)
class Canaries:
    """Words by what they are: a name, a text, a secret."""

    words: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse words that are found everywhere."""
        assert all(len(word) >= MIN_LENGTH for word in self.words.values())

    def found_in(self, text: str) -> list[str]:
        """Return which of them the text holds, plain or encoded."""
        return [kind for kind, word in self.words.items() if any(form in text for form in forms(word))]

    def leaks(self, sources: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the source and the kind of each word that is found; an empty source is a fault of the test."""
        assert all(sources.values()), [name for name, text in sources.items() if not text]
        return [(name, kind) for name, text in sources.items() for kind in self.found_in(text)]


def forms(word: str) -> Iterator[str]:
    """Yield how a word may look: as it is, escaped, percent-encoded, hexadecimal, and within a longer text in base64."""
    raw = word.encode()
    yield from (word, json.dumps(word)[1:-1], repr(raw)[2:-1], quote(word), quote(word, safe=""), raw.hex())
    for before in range(3):
        # Letters at the edges depend on what stands beside the word.
        encoded = base64.b64encode(bytes(before) + raw).decode()
        middle = encoded[4 if before else 0 : -4]
        yield from (middle, middle.replace("+", "-").replace("/", "_"))


def logged(text: str) -> str:
    """Return the line of a program that says this, as processes write it in production."""
    record = logging.LogRecord("planted", logging.INFO, "here", 1, "greeted %s", (text,), None)
    return LineFormatter(as_json=True, process="planted").format(record)
