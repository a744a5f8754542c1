"""Runs a sandbox in a thread of this process, for tests."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from diana.sandbox.client import SandboxClient
from diana.sandbox.safety import LOOPBACK, MADE_UP_TOKEN, check_token
from diana.sandbox.server import serve


class Sandbox(SandboxClient):
    """A sandbox in this process: everything a client can do, and the token of its bot."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url)
        self.token = token


@contextmanager
def running_sandbox(token: str = MADE_UP_TOKEN, *, port: int = 0, record: Path | None = None) -> Iterator[Sandbox]:
    """Run a sandbox until the end of the `with`, on a free port unless one is given. Raises StartRefusedError."""
    check_token(token)
    ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = Thread(target=_run, args=(token, port, record, ready), name="sandbox", daemon=True)
    thread.start()
    actual_port, loop, stop = ready.result(timeout=10)
    try:
        with Sandbox(f"http://{LOOPBACK}:{actual_port}", token) as sandbox:
            yield sandbox
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)


def _run(
    token: str, port: int, record: Path | None, ready: "Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]"
) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        await serve(token, port, record, stop=stop, on_ready=lambda port: ready.set_result((port, loop, stop)))

    try:
        asyncio.run(run())
    except Exception as error:
        # Whoever waits for the start raises it; after the start nobody does, and the thread reports it.
        if ready.done():
            raise
        ready.set_exception(error)
