"""Runs a sandbox in a thread of this process, for tests."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from diana.sandbox.client import SandboxClient
from diana.sandbox.handling import Site
from diana.sandbox.safety import LOOPBACK, MADE_UP_TOKEN, check_token
from diana.sandbox.server import serve
from diana.sandbox.webhook import Preset


class Sandbox(SandboxClient):
    """A sandbox in this process: everything a client can do, the token of its bot, and that of its page."""

    def __init__(self, url: str, token: str, page_token: str) -> None:
        super().__init__(url)
        self.token, self.page_token = token, page_token


class Running(NamedTuple):
    """A sandbox that listens, and what ends it."""

    site: Site
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event


@contextmanager
def running_sandbox(
    token: str = MADE_UP_TOKEN,
    *,
    port: int = 0,
    record: Path | None = None,
    preset: Preset = Preset(),  # noqa: B008  # immutable
    site: Site | None = None,
) -> Iterator[Sandbox]:
    """Run a sandbox until the end of the `with`, on a free port unless one is given. Raises StartRefusedError."""
    check_token(token)
    ready: Future[Running] = Future()
    thread = Thread(target=_run, args=(token, port, record, preset, site, ready), name="sandbox", daemon=True)
    thread.start()
    running, loop, stop = ready.result(timeout=10)
    try:
        with Sandbox(f"http://{LOOPBACK}:{running.port}", token, running.token) as sandbox:
            yield sandbox
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)


def _run(
    token: str, port: int, record: Path | None, preset: Preset, site: Site | None, ready: "Future[Running]"
) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell(site: Site) -> None:
            ready.set_result(Running(site, loop, stop))

        await serve(token, port, record, stop=stop, on_ready=tell, preset=preset, site=site)

    try:
        asyncio.run(run())
    except Exception as error:
        # Whoever waits for the start raises it; after the start nobody does, and the thread reports it.
        if ready.done():
            raise
        ready.set_exception(error)
