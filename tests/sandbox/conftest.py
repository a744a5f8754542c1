"""A fresh sandbox per test, and python-telegram-bot's own Bot on it."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from diana.sandbox.running import Sandbox, running_sandbox

# Loopback and plain HTTP: no proxies, and no authorities to load for every client.
PLAIN = {"trust_env": False, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
BotCall = Callable[[Bot], Awaitable[Any]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox("42:sandbox-abc") as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Plain HTTP to the bot's methods: `api.post("sendMessage", ...)`."""
    with httpx.Client(base_url=f"{sandbox.base_url}{sandbox.token}/", timeout=5, **PLAIN) as client:
        yield client


@pytest.fixture
def ptb(sandbox: Sandbox) -> Callable[[BotCall], Any]:
    """Run one call of an unchanged python-telegram-bot Bot and return what it returned."""

    def run(call: BotCall, *, read_timeout: float = 5.0) -> Any:
        async def scenario() -> Any:
            request = HTTPXRequest(read_timeout=read_timeout, httpx_kwargs=PLAIN)
            updates = HTTPXRequest(httpx_kwargs=PLAIN)
            bot = Bot(
                sandbox.token,
                base_url=sandbox.base_url,
                base_file_url=sandbox.base_file_url,
                request=request,
                get_updates_request=updates,
            )
            async with bot:
                return await call(bot)

        return asyncio.run(scenario())

    return run
