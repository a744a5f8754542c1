"""A half-configured bot does not start."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.bot import checks

REAL_LOOKING = "123456789:" + "A" * 35


def found(check: Callable[[], list[Any]]) -> list[str]:
    return [message.id for message in check()]


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ("", ["bot.E001"]),
        (",", ["bot.E001"]),
        ("x" * 31, ["bot.E001"]),
        ("x" * 31 + "!", ["bot.E001"]),
        ("x" * 32, []),
        ("x" * 32 + "," + "y" * 32, []),
        ("x" * 32 + ",short", ["bot.E001"]),
    ],
)
def test_the_secret_is_long_enough(settings: Any, secret: str, expected: list[str]) -> None:
    settings.TELEGRAM_WEBHOOK_SECRET = secret
    assert found(checks.check_secret) == expected


def test_a_process_that_calls_nobody_needs_neither_secret_nor_token(settings: Any) -> None:
    settings.TELEGRAM_WEBHOOK_SECRET = settings.TELEGRAM_BOT_TOKEN = ""
    settings.PRODUCTION, settings.NEEDED_VARIABLES = True, {"REDIS_URL"}
    assert found(checks.check_secret) == found(checks.check_token) == []


@pytest.mark.parametrize(
    ("token", "production", "expected"),
    [
        ("1:sandbox", False, []),
        ("sandbox", False, ["bot.E002"]),
        ("", True, ["bot.E002"]),
        ("1:sandbox", True, ["bot.E003"]),
        (REAL_LOOKING, True, []),
    ],
)
def test_production_has_a_real_token(settings: Any, token: str, production: bool, expected: list[str]) -> None:
    settings.TELEGRAM_BOT_TOKEN, settings.PRODUCTION = token, production
    assert found(checks.check_token) == expected


@pytest.mark.parametrize(
    ("url", "production", "expected"),
    [
        ("http://127.0.0.1:8081", False, []),
        ("http://127.0.0.1:8081", True, ["bot.E004"]),
        ("https://api.telegram.org", True, []),
    ],
)
def test_production_speaks_https(settings: Any, url: str, production: bool, expected: list[str]) -> None:
    settings.TELEGRAM_API_URL, settings.PRODUCTION = url, production
    assert found(checks.check_address) == expected
    settings.TELEGRAM_API_LOCAL = True
    assert found(checks.check_address) == []


@pytest.mark.parametrize(
    ("updates", "expected"), [("webhook", []), ("poll", []), ("webhook,poll", ["bot.E005"]), ("", ["bot.E005"])]
)
def test_updates_come_in_one_way(settings: Any, updates: str, expected: list[str]) -> None:
    settings.TELEGRAM_UPDATES = updates
    assert found(checks.check_updates) == expected


def test_a_poller_needs_no_secret_but_takes_no_bad_one(settings: Any) -> None:
    settings.TELEGRAM_UPDATES, settings.TELEGRAM_WEBHOOK_SECRET = "poll", ""
    assert found(checks.check_secret) == []
    settings.TELEGRAM_WEBHOOK_SECRET = "short"
    assert found(checks.check_secret) == ["bot.E001"]


@pytest.mark.parametrize(("groups", "expected"), [([], []), ([-1, -100_500], ["bot.W001"])])
def test_a_list_of_groups_that_is_read_no_more_is_told_of(
    settings: Any, groups: list[int], expected: list[str]
) -> None:
    settings.DIANA_GROUPS = groups
    assert found(checks.check_groups) == expected
