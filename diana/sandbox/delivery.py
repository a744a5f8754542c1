"""Posts updates to the bot's webhook as Telegram does: one after the other in each lane, again until they are taken."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import Any

import msgspec
from tornado.httpclient import HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from diana.sandbox.updates import Update, Updates
from diana.sandbox.webhook import Webhook

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name
TIMEOUT_SECONDS = 60.0
MAX_CONNECTIONS = 40
MAX_PAUSE_SECONDS = 60.0
UNREACHABLE = "unreachable"

Deliver = Callable[[int, int | str], None]
CarryOut = Callable[[dict[str, Any]], Awaitable[None]]


class Delivery:
    """One task for each lane that has something to deliver; begins with `start` and ends with `close`.

    `tell` is told each answer, `carry_out` gets the method call that a 2xx answer may carry.
    """

    def __init__(self, updates: Updates, webhook: Callable[[], Webhook], tell: Deliver, carry_out: CarryOut) -> None:
        self._updates, self._webhook = updates, webhook
        self._tell, self._carry_out = tell, carry_out
        self._lanes: dict[Hashable, asyncio.Task[None]] = {}
        self._client = SimpleAsyncHTTPClient(force_instance=True, max_clients=MAX_CONNECTIONS)

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                arrival = self._updates.arrival
                for lane in self._updates.lanes() if self._webhook().can_be_reached() else ():
                    if lane not in self._lanes:
                        self._lanes[lane] = asyncio.create_task(self._deliver_lane(lane))
                await arrival.wait()
        finally:
            for task in self._lanes.values():
                task.cancel()
            self._client.close()

    async def _deliver_lane(self, lane: Hashable) -> None:
        """Deliver what is in the lane; the first of it is tried again until it is taken, too old or withdrawn."""
        failures = 0
        try:
            while (update := self._updates.first_of(lane)) and self._webhook().can_be_reached():
                pause = await self._deliver(update)
                failures = 0 if pause is None else failures + 1
                if pause is not None:
                    await self._pause(max(pause, pause_seconds(failures)))
        finally:
            self._lanes.pop(lane, None)

    async def _deliver(self, update: Update) -> float | None:
        """Post once; return None if the update was taken, else after how many seconds to come back at the soonest."""
        webhook = self._webhook()
        status, retry_after, body = await self._post(webhook, update)
        webhook.note(status)
        if isinstance(status, int) and 200 <= status < 300:
            self._updates.take(update.id)
            self._tell(update.id, status)
            if call := called(body):
                await self._carry_out(call)
            return None
        self._tell(update.id, status)
        return retry_after

    async def _post(self, webhook: Webhook, update: Update) -> tuple[int | str, float, bytes]:
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers[SECRET_HEADER] = webhook.secret
        request = HTTPRequest(
            webhook.url,
            method="POST",
            headers=headers,
            body=update.body(),
            connect_timeout=5,
            request_timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )
        try:
            response = await self._client.fetch(request, raise_error=False)
        except Exception:  # whatever keeps the connection from working, the update comes again
            return UNREACHABLE, 0.0, b""
        # 599 is the library's own for a connection that failed.
        status: int | str = UNREACHABLE if response.code == 599 else response.code
        return status, seconds_of(response.headers.get("Retry-After", "")), response.body or b""

    async def _pause(self, seconds: float) -> None:
        """Wait; a webhook that was set anew is tried at once."""
        changed = self._webhook().changed
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), seconds)


def pause_seconds(failures: int) -> float:
    """Return how long Telegram waits after so many failures: the first time not at all, then twice as long each time."""
    return 0.0 if failures <= 1 else min(2.0 ** (failures - 1), MAX_PAUSE_SECONDS)


def seconds_of(header: str) -> float:
    """Return what Retry-After says in seconds; 0 for nothing or a date."""
    return float(header) if header.isascii() and header.isdigit() else 0.0


def called(body: bytes) -> dict[str, Any] | None:
    """Return the call that the body of an answer carries, None for none."""
    try:
        decoded = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) and isinstance(decoded.get("method"), str) else None
