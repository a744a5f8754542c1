"""What an error of the Bot API means for us: try again, give up, or the chat is gone. Nothing here names the token."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from diana.events import Permanent, Postponed, Retry, Unanswered

# The library's coming type of time spans; without it every 429 makes it warn.
os.environ.setdefault("PTB_TIMEDELTA", "true")

GONE = ("chat not found", "user not found", "user is deactivated", "bot was kicked", "peer_id_invalid")


class Gone(Exception):
    """The chat takes no messages of the bot: blocked, left or deleted. Not an error; mark it and stop sending."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors into ours. Their texts may hold the address with the token: they are not chained."""
    try:
        yield
    except TelegramError as error:
        raise translate(error) from None


def translate(error: TelegramError) -> Exception:
    """Return Retry, Permanent or Gone for an error of the Bot API."""
    text = error.message.lower()
    if isinstance(error, RetryAfter):
        return Postponed("Telegram asked to wait.", after=seconds_of(error))
    if isinstance(error, Forbidden) or (isinstance(error, BadRequest) and any(sign in text for sign in GONE)):
        return Gone(type(error).__name__)
    if isinstance(error, InvalidToken):
        return Retry(describe(error))
    if isinstance(error, BadRequest | ChatMigrated):
        return Permanent(f"{type(error).__name__}: {describe(error)}"[:200])
    if isinstance(error, NetworkError):
        return Unanswered(f"{type(error).__name__}: Telegram did not answer properly.")
    return Retry(f"{type(error).__name__}: the Bot API refused for the moment.")


def describe(error: TelegramError) -> str:
    """Return what Telegram said, for people; the library's own words about a wrong token name the token."""
    if isinstance(error, InvalidToken):
        return "Telegram does not know this token: correct TELEGRAM_BOT_TOKEN."
    return error.message


def seconds_of(error: RetryAfter) -> float:
    """Return how long Telegram wants to be left alone."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def is_stale(error: TelegramError) -> bool:
    """Say whether a redraw or an answer came too late or changes nothing: no error for us."""
    text = error.message.lower()
    return isinstance(error, BadRequest) and any(
        sign in text for sign in ("message is not modified", "query is too old", "message to edit not found")
    )
