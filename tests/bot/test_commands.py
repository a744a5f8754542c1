"""The commands for operators, against a real Bot API."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.bot.incoming import KINDS
from diana.sandbox.running import Sandbox, running_sandbox

URL = "https://example.org/telegram/webhook"


@pytest.fixture
def api(settings: Any) -> Iterator[Sandbox]:
    with running_sandbox(settings.TELEGRAM_BOT_TOKEN) as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_it_sets_the_webhook_with_the_newest_secret(api: Sandbox, settings: Any) -> None:
    settings.TELEGRAM_WEBHOOK_SECRET = "n" * 32 + "," + "o" * 32
    out = run("set_webhook", "--url", URL)
    (call,) = api.calls(method="setWebhook")
    assert (call.parameters["url"], call.parameters["secret_token"]) == (URL, "n" * 32)
    assert call.parameters["allowed_updates"] == list(KINDS)
    assert {"chat_member", "message_reaction"} <= set(KINDS)
    assert call.parameters["max_connections"] == 40
    assert "n" * 32 not in out


@pytest.mark.parametrize("url", ["https://example.org/", "https://example.org/telegram/webhook/"])
def test_it_sets_no_address_at_which_nobody_listens(url: str) -> None:
    with pytest.raises(CommandError, match="ends in /telegram/webhook"):
        run("set_webhook", "--url", url, "--dry-run")


def test_a_dry_run_sets_nothing(api: Sandbox) -> None:
    run("set_webhook", "--url", URL, "--dry-run")
    assert "/daily" in run("set_commands", "--dry-run")
    assert api.calls() == []


def test_it_sets_the_commands_in_every_language(api: Sandbox) -> None:
    run("set_commands")
    calls = api.calls(method="setMyCommands")
    assert [call.parameters.get("language_code") for call in calls] == [None, "en", "es", "ru"]
    described = [{c["command"]: c["description"] for c in call.parameters["commands"]} for call in calls]
    assert described[0] == described[1]
    assert len({each["daily"] for each in described}) == 3


def test_a_refusal_of_telegram_ends_the_command(api: Sandbox, settings: Any) -> None:
    settings.TELEGRAM_BOT_TOKEN = "1:sandbox-canary"
    with pytest.raises(CommandError) as raised:
        run("set_webhook", "--url", URL)
    assert "TELEGRAM_BOT_TOKEN" in str(raised.value)
    assert "canary" not in str(raised.value)
    with pytest.raises(CommandError):
        run("set_commands")


@pytest.mark.parametrize("command", [("set_webhook", "--url", URL), ("set_commands",)])
def test_an_address_that_does_not_answer_is_no_refusal(settings: Any, command: tuple[str, ...]) -> None:
    settings.TELEGRAM_API_URL = "http://127.0.0.1:1"
    with pytest.raises(
        CommandError, match=r"^Telegram was not reached at http://127\.0\.0\.1:1: .*TELEGRAM_API_URL\.$"
    ):
        run(*command)


def test_it_sets_no_webhook_where_updates_are_polled_for(api: Sandbox, settings: Any) -> None:
    settings.TELEGRAM_UPDATES = "poll"
    for options in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match="Unset TELEGRAM_UPDATES"):
            run("set_webhook", "--url", URL, *options)
    assert api.calls() == []
