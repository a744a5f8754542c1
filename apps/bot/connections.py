"""The connections to Telegram, in several small pools: the library's HTTP client looks at every connection of a pool, for
every other one, each time it is called. A pool of fifty costs more than the call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import httpx
from django.conf import settings
from telegram.request import BaseRequest, HTTPXRequest

from apps.bot.certificates import tls_context
from diana.events.causes import current_cause

POOLS, CONNECTIONS_OF_A_POOL = 8, 8
# Of these the library makes types of their own: token, rights, too fast, two pollers.
_KNOWN = {400, 401, 403, 404, 409, 429}
REFUSALS = frozenset(range(400, 500)) - _KNOWN


EVENT_HEADER = "X-Diana-Event"


async def _name_event(request: httpx.Request) -> None:
    """Say of which event the call is, for a sandbox that shows what an update set off."""
    if (cause := current_cause()) is not None:
        request.headers[EVENT_HEADER] = str(cause.event_id)


class Connections(BaseRequest):
    """Makes each call through the pool that has the fewest under way."""

    def __init__(self, timeout_seconds: float) -> None:
        hooks = [_name_event] if settings.EVENTS_KEEP_VISITS else []
        self._pools = [
            HTTPXRequest(
                connection_pool_size=CONNECTIONS_OF_A_POOL,
                connect_timeout=timeout_seconds,
                read_timeout=timeout_seconds,
                write_timeout=timeout_seconds,
                pool_timeout=timeout_seconds,
                httpx_kwargs={"verify": tls_context(), "event_hooks": {"request": hooks}},
            )
            for _ in range(POOLS)
        ]
        self._under_way = [0] * POOLS

    @property
    def read_timeout(self) -> float | None:
        """How long an answer may take, in seconds."""
        return self._pools[0].read_timeout

    async def initialize(self) -> None:
        """Get every pool ready; no connection is opened yet."""
        for pool in self._pools:
            await pool.initialize()

    async def shutdown(self) -> None:
        """Close all connections."""
        for pool in self._pools:
            await pool.shutdown()

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Make one call; the arguments are the library's. A status that it would take for trouble of the network is told as
        the refusal that it is.
        """
        with self._least_busy() as pool:
            status, content = await pool.do_request(*args, **kwargs)
        return HTTPStatus.BAD_REQUEST if status in REFUSALS else status, content

    @contextmanager
    def _least_busy(self) -> Iterator[HTTPXRequest]:
        number = self._under_way.index(min(self._under_way))
        self._under_way[number] += 1
        try:
            yield self._pools[number]
        finally:
            self._under_way[number] -= 1
