"""Doing together what many coroutines ask for at once: whoever comes while one call is under way goes along with the next.

No timer and no size to tune: a lone caller does not wait, and in a crowd one call of the database carries many.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from diana.events.failures import is_transient
from diana.events.loop import in_thread

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

AT_ONCE = 100


class Gathering(Generic[Asked, Answer]):
    """A function of many, called as one of one from coroutines. It runs in a thread of the loop's pool and returns, for
    each thing asked in its order, an answer or the exception that this caller alone is to get.

    If it raises, each is asked for alone, so that one caller's trouble is not everybody's, unless the trouble is the
    database's. What is asked must therefore be something that can be done twice.
    """

    def __init__(self, function: Callable[[Sequence[Asked]], Sequence[Answer | Exception]]) -> None:
        self._function = function
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, list[tuple[Asked, asyncio.Future[Answer]]]] = (
            WeakKeyDictionary()
        )
        self._busy: set[asyncio.Task[None]] = set()

    async def __call__(self, asked: Asked) -> Answer:
        """Return what the function says of this one; raises what it returned or raised for it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        waiting = self._waiting.get(loop)
        if waiting is not None:
            waiting.append((asked, future))
        else:
            self._waiting[loop] = [(asked, future)]
            task = loop.create_task(self._work(loop))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        return await future

    async def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ask for what has gathered until nothing is left."""
        batch: list[tuple[Asked, asyncio.Future[Answer]]] = []
        try:
            while self._waiting[loop]:
                batch, self._waiting[loop] = self._waiting[loop][:AT_ONCE], self._waiting[loop][AT_ONCE:]
                await self._answer(batch)
        except BaseException as error:
            # What ends this ends everybody's wait: whom nobody answers would wait for ever.
            for _, future in (*batch, *self._waiting[loop]):
                if not future.done():
                    future.set_exception(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            del self._waiting[loop]

    async def _answer(self, batch: Sequence[tuple[Asked, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await in_thread(self._function, [asked for asked, _ in batch])
        except Exception as error:
            # What lies with the database would meet each of them, one after the other.
            if len(batch) > 1 and not is_transient(error):
                for one in batch:
                    await self._answer([one])
                return
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
