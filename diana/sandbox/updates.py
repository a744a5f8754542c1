"""Updates on their way to the bot: numbered by the sandbox, kept until the bot has taken them or they are too old."""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from diana import clock

HOURS_24 = 86_400.0
QUERY_SECONDS = 150.0
MAX_PENDING = 10_000
# A bot that names no kinds gets all but these.
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_LIVES_SECONDS = {"callback_query": QUERY_SECONDS, "pre_checkout_query": QUERY_SECONDS}


class Update(Struct, frozen=True):
    """One update. `lane` names what keeps its order: updates of one lane are delivered one after the other."""

    id: int
    kind: str
    content: Any
    lane: Hashable
    dies_at: float

    def body(self) -> bytes:
        """Return what is posted."""
        return msgspec.json.encode(self.object())

    def object(self) -> dict[str, Any]:
        """Return the Update object."""
        return {"update_id": self.id, self.kind: self.content}

    def is_dead(self) -> bool:
        """Say whether Telegram would have given it up: after 24 hours, for queries after 150 seconds."""
        return time.monotonic() > self.dies_at


class Updates:
    """What the bot has not taken yet, in order. `is_wanted` says of a kind whether the bot asked for it."""

    def __init__(self, is_wanted: Callable[[str], bool]) -> None:
        self._is_wanted = is_wanted
        # The bot remembers the numbers of the updates before a restart: they must not come again. Nobody says a thousand things
        # in a second.
        self._last = int(clock.real_now().timestamp() * 1000)
        self._pending: dict[int, Update] = {}
        self._made_at: dict[int, float] = {}
        self.arrival = asyncio.Event()

    def add(self, kind: str, content: Any, *, lane: Hashable) -> int | None:
        """Keep an update for the bot and return its number; None where the bot did not ask for its kind."""
        if not self._is_wanted(kind):
            return None
        self._last += 1
        dies_at = time.monotonic() + _LIVES_SECONDS.get(kind, HOURS_24)
        # Encoded and decoded: what is edited later must not change what is under way.
        frozen = msgspec.json.decode(msgspec.json.encode(content))
        self._pending[self._last] = Update(self._last, kind, frozen, lane, dies_at)
        self._made_at[self._last] = time.monotonic()
        for dictionary in (self._pending, self._made_at):
            if len(dictionary) > MAX_PENDING:
                del dictionary[next(iter(dictionary))]
        self.wake()
        return self._last

    def wake(self) -> None:
        """Have everybody who waits look again."""
        self.arrival.set()
        self.arrival = asyncio.Event()

    def made_at(self, update_id: int) -> float | None:
        """Return when an update was made, in seconds of the monotonic clock; None for one that is forgotten or unknown."""
        return self._made_at.get(update_id)

    def pending(self) -> list[Update]:
        """Return what the bot has not taken, the oldest first; what is too old is dropped."""
        for one in [one for one in self._pending.values() if one.is_dead()]:
            del self._pending[one.id]
        return list(self._pending.values())

    def lanes(self) -> Iterator[Hashable]:
        """Yield each lane that has something to deliver."""
        yield from dict.fromkeys(one.lane for one in self.pending())

    def first_of(self, lane: Hashable) -> Update | None:
        """Return the oldest update of a lane."""
        return next((one for one in self.pending() if one.lane == lane), None)

    def take(self, update_id: int) -> None:
        """Forget an update that the bot has."""
        self._pending.pop(update_id, None)

    def confirm(self, before: int) -> None:
        """Forget all updates with smaller numbers."""
        for number in [number for number in self._pending if number < before]:
            del self._pending[number]

    def forget(self) -> None:
        """Drop what is pending; numbers go on."""
        self._pending.clear()
