"""The errors of the Bot API and their meanings, as data: docs/bot-api-errors.md is generated from it. No Telegram library here.

The texts are facts, found in the sources of Telegram's server and in reports of bot owners. Nothing promises them: what is
not in the table is judged by its status alone.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Meaning(StrEnum):
    """What an error means for the call, the chat and the person."""

    NOTHING = "nothing"
    UNEDITABLE = "uneditable"
    TOPIC_GONE = "topic gone"
    TOPIC_CLOSED = "topic closed"
    CLOSED = "closed"
    GONE = "gone"
    BLOCKED = "blocked"
    MOVED = "moved"
    WAIT = "wait"
    AGAIN = "again"
    TOKEN = "token"  # noqa: S105  # no password
    MISTAKE = "mistake"
    REFUSED = "refused"


class Consequence(NamedTuple):
    """What follows from a meaning, in words."""

    call: str
    chat: str
    person: str


CONSEQUENCES = {
    Meaning.NOTHING: Consequence("done: there was nothing to change, or nobody waits any more", "—", "—"),
    Meaning.UNEDITABLE: Consequence("the screen is sent as a new message", "—", "—"),
    Meaning.TOPIC_GONE: Consequence("made once more, to the chat outside topics", "—", "—"),
    Meaning.TOPIC_CLOSED: Consequence("dropped", "—", "—"),
    Meaning.CLOSED: Consequence(
        "dropped",
        "noted: after the second refusal in a row nothing is sent for a minute, then twice as long each time, up to a day",
        "—",
    ),
    Meaning.GONE: Consequence("dropped", "gone, until somebody writes there or, in private, presses a button", "—"),
    Meaning.BLOCKED: Consequence(
        "dropped", "gone, until they write or press a button there", "`user.blocked_bot` is published"
    ),
    Meaning.MOVED: Consequence("made once more, to the supergroup", "—", "—"),
    Meaning.WAIT: Consequence("made again after the wait", "the chat or the method waits, nobody else", "—"),
    Meaning.AGAIN: Consequence("made again, each try charged", "—", "—"),
    Meaning.TOKEN: Consequence(
        "made again", "all sending pauses; readiness is degraded, the log says how to cure it", "—"
    ),
    Meaning.MISTAKE: Consequence("a dead letter: the mistake is Diana's, and it can be redriven", "—", "—"),
    Meaning.REFUSED: Consequence("dropped with a warning and a count; a payment's is noted for staff", "—", "—"),
}


class Known(NamedTuple):
    """A text of the Bot API, whole or in part, in which … stands for anything. No methods: any of them."""

    text: str
    meaning: Meaning
    statuses: tuple[int, ...] = (400, 403)
    methods: tuple[str, ...] = ()

    def fits(self, method: str, status: int, text: str) -> bool:
        """Say whether it is this error; `text` is in lower case."""
        if status not in self.statuses or (self.methods and method not in self.methods):
            return False
        return _pattern(self.text).search(text) is not None


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.lower().split("…")))


_EDIT = ("editMessageText",)
_WRITE = ("sendMessage", "sendDocument", "sendInvoice", *_EDIT)
_ANSWER = ("answerCallbackQuery",)


def _known(
    meaning: Meaning, texts: str, methods: tuple[str, ...] = (), statuses: tuple[int, ...] = (400, 403)
) -> Iterator[Known]:
    """Yield a row for each line of the texts."""
    for text in filter(None, map(str.strip, texts.splitlines())):
        yield Known(text, meaning, statuses, methods)


# The first that fits counts: parts of a text stand below the texts that contain them.
TABLE: tuple[Known, ...] = (
    *_known(Meaning.NOTHING, "query is too old\nquery ID is invalid\nQUERY_ID_INVALID", _ANSWER),
    *_known(Meaning.NOTHING, "message is not modified\nMESSAGE_NOT_MODIFIED", _EDIT),
    *_known(
        Meaning.TOPIC_GONE,
        """
        TOPIC_DELETED
        TOPIC_ID_INVALID
        message thread not found
        """,
        _WRITE,
    ),
    *_known(
        Meaning.TOPIC_CLOSED,
        """
        TOPIC_CLOSED
        topic is closed
        can't access the topic
        """,
        _WRITE,
    ),
    *_known(
        Meaning.CLOSED,
        """
        not enough rights
        have no rights to send
        have no write access to the chat
        need administrator rights
        CHAT_WRITE_FORBIDDEN
        CHAT_RESTRICTED
        CHAT_ADMIN_REQUIRED
        CHAT_SEND_…_FORBIDDEN
        CHAT_GUEST_SEND_FORBIDDEN
        CHAT_FORBIDDEN
        RIGHT_FORBIDDEN
        USER_BANNED_IN_CHANNEL
        USER_RESTRICTED
        ALLOW_PAYMENT_REQUIRED
        PRIVACY_PREMIUM_REQUIRED
        SEND_AS_PEER_INVALID
        """,
        _WRITE,
    ),
    *_known(
        Meaning.BLOCKED,
        """
        bot was blocked by the user
        USER_IS_BLOCKED
        """,
    ),
    *_known(
        Meaning.GONE,
        """
        chat not found
        user not found
        user is deactivated
        INPUT_USER_DEACTIVATED
        USER_DEACTIVATED
        USER_DELETED
        group chat was deactivated
        chat is deactivated
        group chat was deleted
        bot was kicked
        bot is not a member
        bot can't initiate conversation
        can't send messages to bots
        can't send messages to the bot
        USER_IS_BOT
        USER_BOT_INVALID
        YOU_BLOCKED_USER
        have no access to the user
        have no access to the chat
        can't access the chat
        can't access the user
        chat is not accessible
        PEER_ID_INVALID
        CHAT_ID_INVALID
        USER_ID_INVALID
        CHANNEL_PRIVATE
        CHANNEL_INVALID
        CHAT_INVALID
        """,
    ),
    *_known(
        Meaning.MISTAKE,
        """
        can't parse entities
        can't parse reply keyboard markup
        can't parse inline keyboard button
        unsupported start tag
        ENTITY_…_INVALID
        ENTITIES_TOO_LONG
        message is too long
        message caption is too long
        MESSAGE_TOO_LONG
        MEDIA_CAPTION_TOO_LONG
        message text is empty
        text must be non-empty
        MESSAGE_EMPTY
        BUTTON_…_INVALID
        REPLY_MARKUP_INVALID
        reply markup is too long
        REPLY_MARKUP_TOO_LONG
        chat_id is empty
        """,
    ),
    *_known(
        Meaning.UNEDITABLE,
        """
        message can't be edited
        message to edit not found
        message not found
        MESSAGE_ID_INVALID
        MESSAGE_AUTHOR_REQUIRED
        MESSAGE_EDIT_TIME_EXPIRED
        there is no text in the message to edit
        message identifier is not specified
        message is too old
        """,
        _EDIT,
    ),
    *_known(Meaning.REFUSED, "method not found", statuses=(404,)),
    # It names no chat that could be gone.
    *_known(Meaning.REFUSED, "…", ("createInvoiceLink",), (403,)),
)

# Of a payment everything is kept: staff are told how Telegram puts it.
_BY_STATUS = {401: Meaning.TOKEN, 403: Meaning.GONE, 404: Meaning.TOKEN, 429: Meaning.WAIT}


def meaning(method: str, status: int, text: str) -> Meaning:
    """Return what the error means; `method` as the documentation writes it, "" for any other."""
    lowered = text.lower()
    for known in TABLE:
        if known.fits(method, status, lowered):
            return known.meaning
    if status >= 500:
        return Meaning.AGAIN
    return _BY_STATUS.get(status, Meaning.UNEDITABLE if method in _EDIT else Meaning.REFUSED)
