"""One update as it is posted: its world, its body, and what must come of it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from fuzz.expectations import REACTION_TO_SEEN, Expected, expected_of
from fuzz.kinds import part_of
from fuzz.lines import Line
from fuzz.worlds import BILL, World

# What a posting's number is added to.
FIRST_UPDATE = 1_000_000
REACTION = "message_reaction/person@group"


class Encoding(Enum):
    """How the JSON is written: Telegram escapes everything that is no ASCII."""

    PLAIN = False
    ESCAPED = True

    def encode(self, value: Any) -> bytes:
        """Return the JSON."""
        return json.dumps(value, ensure_ascii=self.value).encode("utf-8", "surrogatepass")


@dataclass
class Posting:
    """A line of the corpus in a world of its own; `seen` is a message that somebody else writes before it."""

    line: Line
    world: World
    encoding: Encoding
    expected: Expected
    update: dict[str, Any]
    seen: dict[str, Any] | None = None
    # Who is a person before it comes.
    known: set[int] = field(default_factory=set)

    @property
    def update_id(self) -> int:
        """Its number at Telegram."""
        return FIRST_UPDATE + self.world.number

    @property
    def body(self) -> bytes:
        """What is posted."""
        return self.encoding.encode(self.update)

    @property
    def copied(self) -> bytes:
        """The same update, written in the other way."""
        return Encoding(not self.encoding.value).encode(self.update)

    def __str__(self) -> str:
        return f"{self.line.name} ({self.encoding.name.lower()}{', of a message seen' if self.seen else ''})"


class Poster:
    """Gives each posting the next world."""

    def __init__(self, *, now: int, bot_id: int, bot_name: str, first: int = 0) -> None:
        self._now, self._bot_id, self._bot_name, self._number = now, bot_id, bot_name, first

    def all_of(self, lines: Iterable[Line], encodings: Iterable[Encoding]) -> Iterator[Posting]:
        """Yield each line in each encoding; a reaction also to a message that was seen."""
        for line in lines:
            for encoding in encodings:
                yield self.posting(line, encoding)
            if line.kind == REACTION and part_of(line.update)[1].get("new_reaction"):
                yield self._reaction_to_seen(line)

    def posting(self, line: Line, encoding: Encoding) -> Posting:
        """Return the line in the next world."""
        self._number += 1
        world = World(self._number, self._now, self._bot_id, self._bot_name)
        update = world.moved(line.update, FIRST_UPDATE + world.number)
        return Posting(line, world, encoding, expected_of(line), update)

    def _reaction_to_seen(self, line: Line) -> Posting:
        self._number += 1
        seen = self.posting(line, Encoding.ESCAPED)
        reaction, author = part_of(seen.update)[1], seen.world.id_of(4)
        message = {
            "message_id": reaction["message_id"],
            "date": self._now - 60,
            "chat": reaction["chat"],
            "from": {"id": author, "is_bot": False, "first_name": "Grace"},
            "text": "a message that was seen",
        }
        seen.seen = {"update_id": seen.update_id - 1, "message": message}
        seen.known.add(author)
        seen.expected = REACTION_TO_SEEN
        return seen


def payload_of(update: dict[str, Any]) -> dict[str, Any] | None:
    """Return the part of the update that is to name a real bill."""
    _, part = part_of(update)
    found = (part.get("successful_payment") or part) if isinstance(part, dict) else {}
    return found if found.get("invoice_payload") == BILL else None
