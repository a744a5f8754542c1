"""A TCP proxy for each link, which delays, drops replies, hangs and cuts on order. All links run in one thread."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar, cast

LOOPBACK = "127.0.0.1"
T = TypeVar("T")


@dataclass(frozen=True)
class Mode:
    """How data is treated. `drops_replies` loses what comes back; `refuses` takes no new connections."""

    delay_seconds: float = 0.0
    drops_replies: bool = False
    hangs: bool = False
    refuses: bool = False


PASS = Mode()
_RESET = struct.pack("ii", 1, 0)


class Link:
    """One way from a port of its own to a server. Its methods may be called from any thread."""

    def __init__(self, name: str, target_port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.name, self.target_port, self.port = name, target_port, 0
        self.mode = PASS
        self.dropped_bytes = 0
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._open: set[_Pair] = set()

    def set_mode(self, mode: Mode) -> None:
        """Treat data like this from now on; connections that have lost something are cut, what was held goes on."""
        self._call(lambda: self._set_mode(mode))

    def cut(self) -> int:
        """Cut every connection, as a cable would; return how many there were."""
        return self._call(self._cut)

    def _call(self, function: Callable[[], T]) -> T:
        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def _set_mode(self, mode: Mode) -> None:
        self.mode = mode
        for pair in list(self._open):
            if pair.tainted and not mode.drops_replies:
                pair.abort()
            else:
                pair.pump()

    def _cut(self) -> int:
        count = len(self._open)
        for pair in list(self._open):
            pair.abort()
        return count

    async def start(self) -> None:
        """Listen; settles the port."""
        self._server = await self._loop.create_server(lambda: _Client(_Pair(self, self._loop)), LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop listening and cut what is open."""
        if self._server is not None:
            self._server.close()
        self._cut()


@dataclass(eq=False)
class _Pipe:
    """One direction of a connection: what is on its way, each piece with the moment at which it is due."""

    link: Link
    replies: bool
    target: asyncio.Transport | None = None
    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)

    def feed(self, data: bytes, loop: asyncio.AbstractEventLoop) -> bool:
        """Take a piece; returns False if it is lost."""
        mode = self.link.mode
        if mode.drops_replies and self.replies:
            self.link.dropped_bytes += len(data)
            return False
        self.waiting.append((loop.time() + mode.delay_seconds, data))
        self.pump(loop)
        return True

    def pump(self, loop: asyncio.AbstractEventLoop) -> None:
        """Pass on what is due."""
        if self.link.mode.hangs or self.target is None or self.target.is_closing():
            return
        while self.waiting and self.waiting[0][0] <= loop.time():
            self.target.write(self.waiting.popleft()[1])
        if self.waiting:
            loop.call_at(self.waiting[0][0], self.pump, loop)


class _Pair:
    """One connection through the link: its client and, as soon as it answers, its server."""

    def __init__(self, link: Link, loop: asyncio.AbstractEventLoop) -> None:
        self.link, self.loop = link, loop
        self.requests, self.answers = _Pipe(link, replies=False), _Pipe(link, replies=True)
        self.tainted = False
        link._open.add(self)

    def begin(self, client: asyncio.Transport) -> None:
        self.answers.target = client
        if self.link.mode.refuses:
            self.abort()
        else:
            self._connecting = self.loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self.loop.create_connection(lambda: _Server(self), LOOPBACK, self.link.target_port)
        except OSError:
            self.abort()

    def pump(self) -> None:
        self.requests.pump(self.loop)
        self.answers.pump(self.loop)

    def take(self, pipe: _Pipe, data: bytes) -> None:
        if not pipe.feed(data, self.loop):
            self.tainted = True

    def abort(self) -> None:
        self.link._open.discard(self)
        for pipe in (self.requests, self.answers):
            if pipe.target is not None:
                # Both sides see a reset, not an orderly end.
                with contextlib.suppress(OSError):
                    pipe.target.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                pipe.target.abort()

    def ended(self, other: _Pipe) -> None:
        """One side has hung up: let the other have what was on its way, then hang up as well."""
        self.link._open.discard(self)
        if other.target is None or other.target.is_closing():
            return
        if not self.link.mode.hangs:
            for _, data in other.waiting:
                other.target.write(data)
        other.target.close()


class _Client(asyncio.Protocol):
    def __init__(self, pair: _Pair) -> None:
        self._pair = pair

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._pair.begin(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        self._pair.take(self._pair.requests, data)

    def connection_lost(self, error: Exception | None) -> None:
        self._pair.ended(self._pair.requests)


class _Server(asyncio.Protocol):
    def __init__(self, pair: _Pair) -> None:
        self._pair = pair

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._pair.requests.target = cast(asyncio.Transport, transport)
        if self._pair not in self._pair.link._open:
            transport.abort()  # type: ignore[attr-defined]  # a Transport has it
        self._pair.pump()

    def data_received(self, data: bytes) -> None:
        self._pair.take(self._pair.answers, data)

    def connection_lost(self, error: Exception | None) -> None:
        self._pair.ended(self._pair.answers)


@contextmanager
def running_links(targets: dict[str, int]) -> Iterator[dict[str, Link]]:
    """Run a link to each of these ports, by name, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="links", daemon=True)
    thread.start()
    links = {name: Link(name, port, loop) for name, port in targets.items()}

    async def start() -> None:
        for link in links.values():
            await link.start()

    async def stop() -> None:
        for link in links.values():
            link.stop()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield links
    finally:
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        if not thread.is_alive():
            loop.close()
