"""Attacks that were tried and stand in docs/security.md, where no other test tries them."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from telegram import Bot
from telegram.error import TelegramError

from apps.bot.connections import Connections
from diana.local.instance import ROOT


@contextmanager
def server(location: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve a redirect to that location, or an answer as the Bot API gives it; yield the address and what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(302 if location else 200)
            self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(b'{"ok": true, "result": true}')

        do_GET = do_POST

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}", asked
        finally:
            http.shutdown()
            thread.join()


async def call_as_the_bot(api: str) -> None:
    """Make a call through the connections of the running bot."""
    async with (
        Connections(5) as connections,
        Bot("1:sandbox-canary", base_url=f"{api}/bot", request=connections) as bot,
    ):
        await bot.get_me()


CALLS: dict[str, Callable[[str], object]] = {
    "a command": lambda _api: call_command("set_commands"),
    "the bot": lambda api: asyncio.run(call_as_the_bot(api)),
}


@pytest.mark.parametrize("by", CALLS)
def test_no_redirect_of_the_bot_api_is_followed(settings: Any, capsys: pytest.CaptureFixture[str], by: str) -> None:
    settings.TELEGRAM_BOT_TOKEN = "1:sandbox-canary"
    with server() as (elsewhere, followed), server(f"{elsewhere}/bot1:sandbox-canary/getMe") as (api, asked):
        settings.TELEGRAM_API_URL = api
        with pytest.raises((CommandError, TelegramError)) as refused:
            CALLS[by](api)
    assert asked
    assert followed == []
    assert "canary" not in f"{refused.value} {capsys.readouterr()}"


def test_every_attack_that_once_worked_has_a_test_or_a_reason() -> None:
    text = (ROOT / "docs" / "security.md").read_text().partition("## Attacks that once worked")[2]
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    for row in rows:
        assert len(row) == 2, row
        assert re.search(r"`tests/|`make |\(pending: \w+\)|\*Not done", row[1]), row
    # The table of what is left out on purpose has five lines at most.
    left = text_of("## Not done").count("\n| ") - 1
    assert 0 < left <= 5


def text_of(heading: str) -> str:
    """Return the section of that heading."""
    return (ROOT / "docs" / "security.md").read_text().partition(f"{heading}\n")[2].partition("\n## ")[0]
