"""The library's errors in our terms, by the table of api_errors.py. Nothing here names the token."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from apps.bot.api_errors import Meaning, meaning
from diana import metrics
from diana.events import Permanent, Postponed, Unanswered

# The library's coming type of time spans; without it every 429 makes it warn.
os.environ.setdefault("PTB_TIMEDELTA", "true")

logger = logging.getLogger(__name__)

# How long to wait where a 429 does not say.
UNTOLD_WAIT_SECONDS = 5.0
TOKEN_WAIT_SECONDS = 15.0
# The library's words for an answer that is no JSON: some proxy's page, which says nothing of the chat.
_NOT_TELEGRAM = "parsing the server response"
_TOO_MANY = "too many requests"
_TOLD_WAIT = re.compile(r"retry after (\d{1,6})", re.IGNORECASE)


class Gone(Exception):
    """The chat takes no messages of the bot: blocked, left or deleted. Not an error; mark it and stop sending."""

    def __init__(self, message: str = "", *, blocked: bool = False) -> None:
        super().__init__(message)
        self.blocked = blocked


class Closed(Exception):
    """The bot may not write in the chat for now. Not an error; note it and try again later."""


class TopicGone(Exception):
    """The chat has no such topic: send it to the chat itself."""


class TopicClosed(Exception):
    """The bot may not write in the topic. Not an error, and it says nothing of the chat."""


class Uneditable(Exception):
    """The message cannot be redrawn: send the screen as a new one."""


class Moved(Exception):
    """The group has become a supergroup of this id."""

    def __init__(self, telegram_id: int) -> None:
        super().__init__("The group has become a supergroup.")
        self.telegram_id = telegram_id


class Refused(Permanent):
    """Telegram refuses the call in words that the table does not have: drop it; who needs its effect tells staff."""


class TooFast(Postponed):
    """Telegram asked to wait, or would; `scope` is what waits: a chat, a group, a method, all, or the token."""

    def __init__(self, message: str, *, after: float, scope: str) -> None:
        super().__init__(message, after=after)
        self.scope = scope


@contextmanager
def translated(method: str = "") -> Iterator[None]:
    """Turn the library's errors into ours. Their texts may hold the address with the token: they are not chained."""
    try:
        yield
    except TelegramError as error:
        raise translate(error, method) from None


def translate(error: TelegramError, method: str = "") -> Exception:
    """Return our exception for an error of the Bot API, and count it. Of what is NOTHING only who asks takes notice."""
    found = classify(error, method)
    metrics.refused(method or "other", found)
    return _exception(found, error, method)


def classify(error: TelegramError, method: str = "") -> Meaning:
    """Return what the error means."""
    if isinstance(error, ChatMigrated):
        return Meaning.MOVED
    if isinstance(error, RetryAfter) or (_is_network(error) and _TOO_MANY in error.message.lower()):
        return Meaning.WAIT
    if _is_network(error) or _NOT_TELEGRAM in error.message.lower():
        return Meaning.AGAIN
    return meaning(method, _status(error), error.message)


def _is_network(error: TelegramError) -> bool:
    return isinstance(error, NetworkError) and not isinstance(error, BadRequest)


def _status(error: TelegramError) -> int:
    """Return the HTTP status, as far as the library's types tell it; what they do not know is tried again."""
    match error:
        case BadRequest():
            return 400
        case Forbidden():
            return 403
        case InvalidToken():
            return 404
    return 500


def _exception(found: Meaning, error: TelegramError, method: str) -> Exception:
    match found:
        case Meaning.GONE | Meaning.BLOCKED:
            return Gone(type(error).__name__, blocked=found is Meaning.BLOCKED)
        case Meaning.CLOSED:
            return Closed(type(error).__name__)
        case Meaning.TOPIC_GONE:
            return TopicGone(type(error).__name__)
        case Meaning.TOPIC_CLOSED:
            return TopicClosed(type(error).__name__)
        case Meaning.UNEDITABLE:
            return Uneditable(type(error).__name__)
        case Meaning.MOVED if isinstance(error, ChatMigrated):
            return Moved(error.new_chat_id)
        case Meaning.WAIT:
            return TooFast("Telegram asked to wait.", after=seconds_of(error), scope="chat")
        case Meaning.TOKEN:
            return TooFast(describe(error), after=TOKEN_WAIT_SECONDS, scope="token")
        case Meaning.AGAIN:
            return Unanswered(f"{type(error).__name__}: Telegram did not answer properly.")
        case Meaning.MISTAKE:
            return Permanent(f"{type(error).__name__}: {describe(error)}"[:200])
    if found is Meaning.REFUSED:
        logger.warning("Telegram refuses %s: %s", method or "a call", describe(error))
    return Refused(f"{type(error).__name__}: {describe(error)}"[:200])


def describe(error: TelegramError) -> str:
    """Return what Telegram said, for people; the library's own words about a wrong token name the token."""
    if isinstance(error, InvalidToken) and "method not found" not in error.message.lower():
        return "Telegram does not know this token: correct TELEGRAM_BOT_TOKEN."
    return error.message


def told_to_operators(error: TelegramError) -> str:
    """Return why a command could not do its call: Telegram refused, or was not reached."""
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        address = settings.TELEGRAM_API_URL
        return f"Telegram was not reached at {address}: {error.message}. Look at the network, and at TELEGRAM_API_URL."
    return f"Telegram refused. {describe(error)}"


def seconds_of(error: TelegramError) -> float:
    """Return how long Telegram wants to be left alone."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    told = _TOLD_WAIT.search(error.message)
    return float(told.group(1)) if told else UNTOLD_WAIT_SECONDS


def is_nothing(error: TelegramError, method: str) -> bool:
    """Say whether the call came too late or changes nothing: no error for us."""
    return classify(error, method) is Meaning.NOTHING
