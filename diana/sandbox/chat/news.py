"""What happened, numbered, for everybody who watches: the newest are kept, readers wait for the next."""

import asyncio
from collections import deque
from typing import Any, NamedTuple

import msgspec

from diana.sandbox.waiting import first_of

# A message with its keyboard has about 1 kB.
KEPT_NEWS = 2_000


class Item(NamedTuple):
    """One piece of news, its data encoded once for all readers."""

    sequence: int
    kind: str
    data: bytes


class News:
    """Belongs to the server's event loop; sequence numbers start at 1 and never start again."""

    def __init__(self, kept: int = KEPT_NEWS) -> None:
        self.last = 0
        self._items: deque[Item] = deque(maxlen=kept)
        self._arrival = asyncio.Event()

    def add(self, kind: str, data: dict[str, Any] | None = None) -> None:
        """Tell everybody who watches."""
        self.last += 1
        self._items.append(Item(self.last, kind, msgspec.json.encode(data or {})))
        self._arrival.set()
        self._arrival = asyncio.Event()

    def after(self, sequence: int) -> list[Item] | None:
        """Return what is newer; None for a reader that has missed something or comes from before a restart."""
        oldest = self._items[0].sequence if self._items else self.last + 1
        if sequence > self.last or sequence + 1 < oldest:
            return None
        return [item for item in self._items if item.sequence > sequence]

    async def wait(self, sequence: int, seconds: float, gone: asyncio.Event) -> None:
        """Return when there is something newer, when the reader has gone, or after the time."""
        if self.last <= sequence:
            await first_of(self._arrival, gone, seconds=seconds)
