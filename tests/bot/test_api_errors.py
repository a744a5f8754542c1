"""The meanings of the Bot API's errors: each known text has its own, unknown ones that of their status."""

import pytest
from django.conf import settings
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from apps.bot.api_error_page import markdown
from apps.bot.api_errors import CONSEQUENCES, TABLE, Known, Meaning, meaning
from apps.bot.telegram_errors import Refused, classify, seconds_of, translate
from diana.events import Permanent


def test_the_page_is_up_to_date() -> None:
    page = settings.BASE_DIR / "docs" / "bot-api-errors.md"
    stale = "docs/bot-api-errors.md is stale: run `manage.py bot_api_errors > docs/bot-api-errors.md` and commit it."
    assert page.read_text() == markdown(), stale


def test_every_meaning_has_consequences() -> None:
    assert set(CONSEQUENCES) == set(Meaning)


@pytest.mark.parametrize("known", TABLE, ids=lambda known: f"{known.text}")
def test_no_row_hides_behind_one_above_it(known: Known) -> None:
    text = known.text.replace("…", "SOMETHING")
    for method in known.methods or ("sendMessage",):
        for status in known.statuses:
            assert meaning(method, status, f"Bad Request: {text}") == known.meaning
            assert meaning(method, status, text.upper()) == known.meaning


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Meaning.REFUSED),
        (401, Meaning.TOKEN),
        (403, Meaning.GONE),
        (404, Meaning.TOKEN),
        (406, Meaning.REFUSED),
        (429, Meaning.WAIT),
        (500, Meaning.AGAIN),
        (599, Meaning.AGAIN),
    ],
)
def test_an_unknown_text_is_judged_by_its_status(status: int, expected: Meaning) -> None:
    assert meaning("sendMessage", status, "never heard of") == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RetryAfter(7), Meaning.WAIT),
        (NetworkError("Too Many Requests: retry after 9"), Meaning.WAIT),
        (NetworkError("Too Many Requests (429). Parsing the server response b'' failed"), Meaning.WAIT),
        (TimedOut(), Meaning.AGAIN),
        (Conflict("Conflict: terminated by other getUpdates request"), Meaning.AGAIN),
        (Forbidden("Forbidden (403). Parsing the server response b'<html>' failed"), Meaning.AGAIN),
        (BadRequest("Bad Request (400). Parsing the server response b'' failed"), Meaning.AGAIN),
        (InvalidToken("Unauthorized"), Meaning.TOKEN),
        (InvalidToken("Not Found"), Meaning.TOKEN),
        (InvalidToken("Not Found: method not found"), Meaning.REFUSED),
        (BadRequest("Chat_write_forbidden"), Meaning.CLOSED),
        (BadRequest("Message thread not found"), Meaning.TOPIC_GONE),
    ],
)
def test_the_librarys_errors_have_the_meaning_of_what_telegram_said(error: TelegramError, expected: Meaning) -> None:
    assert classify(error, "sendMessage") is expected


def test_a_wait_without_its_length_is_a_short_one() -> None:
    assert seconds_of(NetworkError("Too Many Requests: retry after 9")) == 9
    assert 1 <= seconds_of(NetworkError("Too Many Requests")) <= 10


def test_a_payment_that_is_refused_is_told_to_staff_in_telegrams_words() -> None:
    """No chat is noted for it: whoever asks catches Permanent."""
    error = translate(BadRequest("not enough rights"))
    assert isinstance(error, Refused)
    assert isinstance(error, Permanent)
    assert "ot enough rights" in str(error)
