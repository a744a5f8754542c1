"""The HTTP clients that talk to Telegram."""

import ssl

import pytest

from apps.bot.application import build
from apps.bot.polling.bot_api import BotApi


def test_all_clients_share_the_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    real, loaded = ssl.create_default_context, []

    def counted(*args: object, **options: object) -> ssl.SSLContext:
        loaded.append(options)
        return real(*args, **options)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    build()
    build()
    BotApi("http://127.0.0.1:1", "1:x").close()
    assert len(loaded) <= 1  # none if an earlier test has loaded them
