"""The library's calls to Telegram at the pace of the buckets: short waits are waited for, long ones put the work off."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

from telegram.error import TelegramError
from telegram.ext import BaseRateLimiter

from apps.bot import buckets, holds
from apps.bot.api_errors import Meaning
from apps.bot.buckets import Bucket, Wait
from apps.bot.telegram_errors import TooFast, classify, describe, seconds_of
from diana import metrics

# Who was turned away comes back spread over so much of the wait, so that not all of them come at once.
SPREAD = 0.5
LEAST_WAIT = 0.1
# Telegram gives ten seconds for these: no wait of its own would end in time.
URGENT = ("answerPreCheckoutQuery",)
# A process whose calls work says so at most this often.
TOKEN_SAID_SECONDS = 5.0

Answer = bool | dict[str, Any] | list[dict[str, Any]]


class Pace(Enum):
    """How a call is paced that is not paced by its method alone."""

    # It adds to a message of the bot's: a group takes it among the messages of a minute, and in a person's own chat it
    # does not wait for the pace of messages.
    ADDED = "added"


class Pacing(BaseRateLimiter[Pace]):
    """Limits calls that write into a chat; answers to presses and to checkouts, which Telegram waits for, go at once, unless
    Telegram has said of their method that it waits.

    Raises TooFast where a call would have to wait for long, and where Telegram says so; nothing was sent then.
    """

    async def initialize(self) -> None:
        """Have a thread that asks Redis: one that hangs must not stop the loop. One call after the other is soon enough."""
        self._said_at = 0.0
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
        rate_limit_args: Pace | None,
    ) -> Answer:
        """Make the call when its chat and the whole have room for it; what Telegram says of waiting holds for every worker."""
        added = rate_limit_args is Pace.ADDED
        chat = _chat(endpoint, data, added=added)
        await self._wait_for(endpoint, chat, paced=not added or (chat is not None and chat.group))
        try:
            answer = await callback(*args, **kwargs)
        except TelegramError as error:
            match classify(error):
                case Meaning.WAIT:
                    raise await self._held(endpoint, chat, seconds_of(error)) from None
                case Meaning.TOKEN:
                    await self._in_thread(holds.refuse_token)
                    raise TooFast(describe(error), after=_spread(holds.TOKEN_SECONDS), scope="token") from None
            raise
        await self._note_success()
        return answer

    async def _held(self, endpoint: str, chat: Bucket | None, seconds: float) -> TooFast:
        """Hold the chat that the call was for, else its method; return the error that says so."""
        metrics.refused(endpoint, Meaning.WAIT)
        if chat is not None:
            await self._in_thread(buckets.hold, chat, seconds)
        else:
            # Without getMe nothing can begin.
            longest = buckets.LONGEST_HOLD_OF_ALL if endpoint == "getMe" else buckets.LONGEST_HOLD
            await self._in_thread(buckets.hold_name, holds.of_method(endpoint), min(seconds, longest))
        after = min(seconds, buckets.LONGEST_HOLD)
        return TooFast("Telegram asked to wait.", after=after, scope="method" if chat is None else "chat")

    async def _wait_for(self, endpoint: str, chat: Bucket | None, *, paced: bool) -> None:
        if endpoint in URGENT:
            return
        if chat is None:
            seconds, by = await self._in_thread(buckets.longest_hold, [holds.of_method(endpoint), holds.of_token()])
            if seconds > 0:
                raise _too_fast(seconds, by)
            return
        wanted = [buckets.bucket_of_all(), *([chat] if paced else [])]
        wait: Wait = await self._in_thread(buckets.take, wanted, [holds.of_token(), *([] if paced else [chat.name])])
        if not wait.taken:
            raise _too_fast(wait.seconds, wait.by)
        if wait.seconds > 0:
            await asyncio.sleep(wait.seconds)
            seconds, by = await self._in_thread(
                buckets.longest_hold, [*(bucket.name for bucket in wanted), holds.of_token()]
            )
            if seconds > 0:
                raise _too_fast(seconds, by)

    async def _note_success(self) -> None:
        """Say now and then that Telegram takes the token."""
        if time.monotonic() - self._said_at > TOKEN_SAID_SECONDS:
            self._said_at = time.monotonic()
            await self._in_thread(holds.forget_token)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)


def _chat(endpoint: str, data: dict[str, Any], *, added: bool) -> Bucket | None:
    chat_id = data.get("chat_id")
    if chat_id is None:
        return None
    return buckets.bucket_of_chat(
        chat_id, message=added or (endpoint.startswith("send") and endpoint != "sendChatAction")
    )


def _too_fast(seconds: float, by: str) -> TooFast:
    scope = "all" if by == "all" else by.partition(":")[0] if ":" in by else "chat"
    return TooFast("Telegram would be called too fast.", after=max(LEAST_WAIT, _spread(seconds)), scope=scope)


def _spread(seconds: float) -> float:
    return seconds * (1 + SPREAD * random.random())
