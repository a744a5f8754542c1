"""The Telegram library's application: built once for each loop and address, because its connections belong to a loop."""

import asyncio
from typing import Any, cast

from django.conf import settings
from telegram import LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.ext import Application, ApplicationBuilder, Defaults

from apps.bot import conversation, identity
from apps.bot.connections import Connections
from apps.bot.pacing import Pacing
from apps.bot.telegram_errors import translated

AnyApplication = Application[Any, Any, Any, Any, Any, Any]

TIMEOUT_SECONDS = 5.0

_built: dict[tuple[asyncio.AbstractEventLoop, str, str], AnyApplication] = {}
_locks: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}


async def application() -> AnyApplication:
    """Return the running loop's application, which asks Telegram for its own name at the first call.

    Raises Retry while Telegram does not answer.
    """
    loop = asyncio.get_running_loop()
    key = (loop, settings.TELEGRAM_API_URL, settings.TELEGRAM_BOT_TOKEN)
    async with _locks.setdefault(loop, asyncio.Lock()):
        if key not in _built:
            _forget_closed_loops()
            _built[key] = build()
        if not _built[key].bot_data.get("initialized"):
            with translated():
                await _built[key].initialize()
            identity.remember(settings.TELEGRAM_BOT_TOKEN, _built[key].bot.username)
            _built[key].bot_data["initialized"] = True
    return _built[key]


def _forget_closed_loops() -> None:
    for key in [key for key in _built if key[0].is_closed()]:
        del _built[key]
        _locks.pop(key[0], None)


def build() -> AnyApplication:
    """Build the application with its handlers; it neither polls nor listens, and calls at the pace of the shared buckets."""
    connections = Connections(TIMEOUT_SECONDS)
    builder = (
        ApplicationBuilder()
        .token(settings.TELEGRAM_BOT_TOKEN)
        .base_url(f"{settings.TELEGRAM_API_URL}/bot")
        .base_file_url(f"{settings.TELEGRAM_API_URL}/file/bot")
        .updater(None)
        .job_queue(None)
        .rate_limiter(Pacing())
        .defaults(Defaults(parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)))
        .request(connections)
        # Never used; of itself the library would make another client for it.
        .get_updates_request(connections)
    )
    built = cast(AnyApplication, builder.build())
    conversation.add_handlers(built)
    return built
