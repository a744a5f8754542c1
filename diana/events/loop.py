"""One asyncio loop for each process, in a thread of its own: what talks to the outside runs there, many calls at once."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError

from diana.events.connections import freshen_connections, replace_connections

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_running: dict[int, asyncio.AbstractEventLoop] = {}


def loop() -> asyncio.AbstractEventLoop:
    """Return this process's loop, started at the first call; a forked child gets its own."""
    with _lock:
        found = _running.get(os.getpid())
        if found is None:
            found = asyncio.new_event_loop()
            threading.Thread(target=found.run_forever, name="diana-loop", daemon=True).start()
            _running.clear()
            _running[os.getpid()] = found
        return found


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine on the loop and wait for it; to be called from any other thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop()).result()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what uses the database in a thread of the loop's pool; the cause of what it publishes goes along."""

    def call() -> T:
        freshen_connections()
        try:
            return function(*args, **kwargs)
        except DatabaseError:
            replace_connections()
            raise

    return await asyncio.to_thread(call)
