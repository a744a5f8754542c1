"""Keeps every call in the order of arrival, in memory and optionally in a file; others can wait for the next."""

import asyncio
from collections import Counter, deque
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from diana.sandbox.safety import StartRefusedError

# About 1 kB each. Older calls are forgotten here; a record file keeps all.
KEPT_CALLS = 200_000
PAGE_CALLS = 10_000

_encode = msgspec.json.Encoder().encode


class Moment(NamedTuple):
    """When a call was complete: seconds of the epoch, and the machine's monotonic clock for measuring."""

    seconds: float
    monotonic_ns: int


class Call(msgspec.Struct, frozen=True, rename={"answer_json": "answer"}):
    """One call as it was received and answered; `status` and the answer are None for a call that is left hanging."""

    sequence: int
    received_at: float
    received_monotonic_ns: int
    method: str
    parameters: dict[str, Any]
    status: int | None
    answer_json: msgspec.Raw
    # The event that the bot was handling, if it said so (X-Diana-Event).
    event_id: str | None = None

    @property
    def answer(self) -> Any:
        """The whole answer, decoded."""
        return msgspec.json.decode(self.answer_json)

    @property
    def chat(self) -> int | None:
        """The chat that the call named, if any."""
        chat = self.parameters.get("chat_id")
        return chat if isinstance(chat, int) else None


class CallPage(msgspec.Struct, frozen=True):
    """Calls in order, and the sequence number up to which everything was looked at."""

    calls: list[Call]
    last: int


class CallFilter(NamedTuple):
    """Which calls are wanted; None is any."""

    method: str | None = None
    chat: int | None = None

    def takes(self, call: Call) -> bool:
        """Say whether the call is wanted; methods are compared without case, as Telegram does."""
        if self.method is not None and call.method.lower() != self.method.lower():
            return False
        return self.chat is None or call.chat == self.chat


class Recorder:
    """Belongs to the server's event loop; sequence numbers start at 1 and never start again."""

    def __init__(self, path: Path | None = None, kept: int = KEPT_CALLS) -> None:
        self.last = 0
        self.counts: Counter[str] = Counter()
        self._calls: deque[Call] = deque(maxlen=kept)
        self._arrival = asyncio.Event()
        self._file = None if path is None else _open_record(path)

    def add(
        self,
        moment: Moment,
        method: str,
        parameters: dict[str, Any],
        status: int | None,
        body: bytes,
        *,
        event_id: str | None = None,
    ) -> None:
        """Record a call, append it to the file, wake whoever waits."""
        self.last += 1
        answer = msgspec.Raw(body)
        call = Call(self.last, *moment, method, parameters, status, answer, event_id)
        self._calls.append(call)
        self.counts[method] += 1
        if self._file is not None:
            self._file.write(_encode(call) + b"\n")
        self._arrival.set()
        self._arrival = asyncio.Event()

    def page(self, after: int, wanted: CallFilter) -> CallPage:
        """Return the oldest calls after that sequence number, at most PAGE_CALLS looked at.

        Reads from the newest backwards, so that a reader who keeps up pays for what is new alone.
        """
        newer: deque[Call] = deque(maxlen=PAGE_CALLS)
        for call in reversed(self._calls):
            if call.sequence <= after:
                break
            newer.append(call)
        newer.reverse()
        # A reader that remembers more than there is comes from before a restart.
        last = newer[-1].sequence if newer else min(after, self.last)
        return CallPage([call for call in newer if wanted.takes(call)], last)

    def of_events(self, since: float) -> list[Call]:
        """Return the calls that name an event, since a second of the machine's monotonic clock, in the order of arrival."""
        newest = takewhile(lambda call: call.received_monotonic_ns >= since * 1e9, reversed(self._calls))
        return [call for call in newest if call.event_id is not None][::-1]

    async def next_page(self, after: int, wanted: CallFilter, wait_seconds: float) -> CallPage:
        """Return the same as soon as it holds a wanted call, or what there is after the time."""
        deadline = asyncio.get_running_loop().time() + wait_seconds
        while True:
            arrival = self._arrival
            page = self.page(after, wanted)
            left = deadline - asyncio.get_running_loop().time()
            if page.calls or left <= 0:
                return page
            after = page.last
            if after < self.last:
                continue
            await _wait(arrival, left)

    def forget(self) -> None:
        """Drop the calls and the counts; the sequence goes on, so that nobody who waits is led astray."""
        self._calls.clear()
        self.counts.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _open_record(path: Path) -> Any:
    try:
        return path.open("ab", buffering=0)
    except OSError as error:
        raise StartRefusedError(
            f"The record file cannot be written ({error}). Name one in a folder that exists."
        ) from error


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
