"""The library's calls to Telegram at the pace of the buckets: short waits are waited for, long ones put the work off."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from apps.bot import buckets
from apps.bot.buckets import Bucket, Wait
from apps.bot.telegram_errors import seconds_of
from diana.events import Postponed

# Who was turned away comes back spread over so much of the wait, so that not all of them come at once.
SPREAD = 0.5
LEAST_WAIT = 0.1

Answer = bool | dict[str, Any] | list[dict[str, Any]]


class Pacing(BaseRateLimiter[None]):
    """Limits calls that write into a chat; answers to presses and to checkouts, which Telegram waits for, go at once.

    Raises Postponed where a call would have to wait for long; nothing was sent then.
    """

    async def initialize(self) -> None:
        """Have a thread that asks Redis: one that hangs must not stop the loop. One call after the other is soon enough."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="diana-pacing")

    async def shutdown(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False)

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> Answer:
        """Make the call when its chat and the whole have room for it; what Telegram says of waiting holds for every worker."""
        chat_id = data.get("chat_id")
        chat = None if chat_id is None else buckets.bucket_of_chat(chat_id)
        if chat is not None:
            await self._wait_for([buckets.bucket_of_all(), chat])
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            await self._in_thread(buckets.hold, chat, seconds_of(error))
            raise

    async def _wait_for(self, wanted: list[Bucket]) -> None:
        wait: Wait = await self._in_thread(buckets.take, wanted)
        if not wait.taken:
            raise _too_fast(wait.seconds)
        if wait.seconds > 0:
            await asyncio.sleep(wait.seconds)
            held: float = await self._in_thread(buckets.held, wanted)
            if held > 0:
                raise _too_fast(held)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)


def _too_fast(seconds: float) -> Postponed:
    after = max(LEAST_WAIT, seconds * (1 + SPREAD * random.random()))
    return Postponed("Telegram would be called too fast.", after=after)
