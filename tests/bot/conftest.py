"""A sandbox of the Bot API and real commits: what the bot's handlers need."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from apps.bot import application, buckets
from diana.events import connections, loop
from diana.sandbox.running import Sandbox, running_sandbox


@pytest.fixture
def sandbox(settings: Any, committed_db: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A fresh Bot API that the bot talks to, beside a database with real commits."""
    # The loop's threads outlive the test before, whose database is gone: their connections prove themselves at once.
    monkeypatch.setattr(connections, "RESTED_SECONDS", -1.0)
    relent(monkeypatch)
    with running_sandbox(settings.TELEGRAM_BOT_TOKEN) as running:
        settings.TELEGRAM_API_URL = running.url
        yield running
        end_application(running.url)


def end_application(url: str) -> None:
    """End the library's application for this address: a later sandbox may have the same port and is not to meet it."""
    for key in [key for key in application._built if key[1] == url]:
        loop.run(_end(application._built.pop(key)))


async def _end(library: application.AnyApplication) -> None:
    await library.shutdown()
    # An application whose getMe failed is not initialized, but its bot has connections.
    await library.bot.shutdown()


def relent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that Telegram asked to wait for be over."""
    monkeypatch.setattr(buckets, "_memory", buckets.Memory())
    monkeypatch.setattr(buckets, "TAG", f"{{diana:telegram}}:{uuid4()}")
