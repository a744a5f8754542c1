"""getUpdates: long polling with Telegram's rules for offset, limit, timeout and allowed_updates."""

import asyncio
from collections.abc import Callable
from typing import Any

from diana.sandbox.answers import RefusalError
from diana.sandbox.parameters import Parameters
from diana.sandbox.updates import Update, Updates
from diana.sandbox.waiting import first_of
from diana.sandbox.webhook import Webhook

MAX_UPDATES = 100
MAX_TIMEOUT_SECONDS = 50


class Polling:
    """At most one getUpdates waits; a later one ends it."""

    def __init__(self, updates: Updates, webhook: Callable[[], Webhook]) -> None:
        self._updates, self._webhook = updates, webhook
        self._reader: asyncio.Event | None = None

    async def get_updates(self, parameters: Parameters) -> list[dict[str, Any]]:
        """Return updates from `offset` on, waiting for the first; an offset confirms all before it.

        Raises RefusalError 409 while a webhook is set, and for a call that another one or setWebhook ends.
        """
        self._check_no_webhook(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
        ended = self._take_over()
        allowed = parameters.get("allowed_updates")
        if isinstance(allowed, list):
            self._webhook().allow(allowed)
        limit = bounded(parameters.get("limit"), MAX_UPDATES, 1, MAX_UPDATES)
        timeout = bounded(parameters.get("timeout"), 0, 0, MAX_TIMEOUT_SECONDS)
        self._move_to(bounded(parameters.get("offset"), 0, -(2**62), 2**62))
        try:
            return [one.object() for one in (await self._wait(ended, timeout))[:limit]]
        finally:
            if self._reader is ended:
                self._reader = None

    def _take_over(self) -> asyncio.Event:
        if self._reader is not None:
            self._reader.set()
        self._reader = asyncio.Event()
        return self._reader

    def _move_to(self, offset: int) -> None:
        """Confirm what is before the offset; a negative one counts from the end."""
        pending = self._updates.pending()
        if offset < 0:
            offset = pending[max(offset, -len(pending))].id if pending else 0
        self._updates.confirm(offset)

    async def _wait(self, ended: asyncio.Event, timeout: float) -> list[Update]:
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            arrival = self._updates.arrival
            left = deadline - asyncio.get_running_loop().time()
            if (found := self._updates.pending()) or left <= 0:
                return found
            await first_of(arrival, ended, seconds=left)
            if ended.is_set():
                raise conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running"
                )
            self._check_no_webhook("terminated by setWebhook request")

    def _check_no_webhook(self, reason: str) -> None:
        if self._webhook().url:
            raise conflict(reason)


def conflict(reason: str) -> RefusalError:
    """Return the refusal of a call that another one excludes."""
    return RefusalError(409, f"Conflict: {reason}")


def bounded(value: Any, default: int, least: int, most: int) -> int:
    """Return a number within its bounds, as Telegram takes it; the default for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int):
        return default
    return min(max(value, least), most)
