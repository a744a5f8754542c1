"""Messages seen in groups, and whose they are: a reaction names the number of a message, never its author.

Kept for a week, as ids. A message without a person (of a bot, a channel, an anonymous admin) is none of them: whoever
reacts to it may have written it.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from apps.bot.models import SeenMessage
from apps.bot.reading import Message, Reaction, Unreadable, read
from apps.bot.turns import act_time
from diana.bulk import delete_rows

KEEP = timedelta(days=7)
DELETE_AT_ONCE = 5_000
GROUPS = ("group", "supergroup")

# In one statement, so that a message which is taken at this moment is among the waiting or among the seen ones. Each of the
# waiting ones is looked up by its index (bot_update_waiting_messages): after an outage there are very many.
_AUTHORS = """
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT * FROM unnest(%(telegram_chats)s::bigint[], %(chats)s::bigint[], %(messages)s::bigint[])
        AS w (telegram_chat, chat, message)
)
SELECT w.chat, w.message, s.person_id, s.sent_at, NULL FROM wanted w JOIN bot_seen_message s USING (chat, message)
UNION ALL
SELECT w.chat, w.message, u.person_id, u.received_at, u.document
FROM wanted w CROSS JOIN LATERAL (
    SELECT person_id, received_at, document
    FROM bot_update
    WHERE handled_at IS NULL AND kind = 'message' AND chat_id = w.telegram_chat
        AND substring(encode(document, 'escape'), '"message_id":([0-9]{1,18})')::bigint = abs(w.message)
        AND person_id IS NOT NULL
    OFFSET 0
) AS u
"""
_NOTE = """
INSERT INTO bot_seen_message (chat, message, person_id, sent_at)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[]) AS s (chat, message, person_id, sent_at)
ORDER BY chat, message ON CONFLICT DO NOTHING
"""


class Place(NamedTuple):
    """Where a message stands: its chat at Telegram, our id of that, the number of the message (number_of)."""

    telegram_chat: int
    chat: int
    message: int


class Seen(NamedTuple):
    """A message of a group, by our id of that, with the person who sent it."""

    chat: int
    message: int
    person_id: int
    sent_at: datetime


def number_of(message: Message | Reaction) -> int:
    """Return the number of the message within our chat. That of a group is negative: once it is a supergroup, which is the same
    chat here, numbers begin anew.
    """
    return -message.message_id if message.chat.type == "group" else message.message_id


def is_seen(message: Message) -> bool:
    """Say whether this is something that a person sent in a group: a text that is no command, or something else to look at.

    What the server tells of the group (somebody came, a picture was changed) is not.
    """
    if message.chat.type not in GROUPS or message.chat.is_direct_messages or not message.message_id:
        return False
    text = message.text or message.caption
    return message.media if not text else not (message.text or "").startswith("/")


def sent_at(message: Message, received_at: datetime) -> datetime:
    """Return when the message was sent: when Telegram says, within the day before its arrival."""
    return act_time(datetime.fromtimestamp(message.date, UTC) if message.date else None, received_at)


def note(messages: Iterable[Seen]) -> None:
    """Note these messages, in one statement; known ones stay as they are. Their people are locked by the caller."""
    rows = list(messages)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [list(column) for column in zip(*rows, strict=True)])


def authors(places: Collection[Place]) -> dict[tuple[int, int], Seen]:
    """Return which of these messages were seen, by our id of the chat and the number; one query.

    A message that came in and is yet to be taken, in the lane of its author, was seen.
    """
    if not places:
        return {}
    columns = [list(column) for column in zip(*places, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_AUTHORS, dict(zip(("telegram_chats", "chats", "messages"), columns, strict=True)))
        rows = cursor.fetchall()
    found = {}
    for chat, message, person_id, moment, document in rows:
        at = moment if document is None else _sent_at(bytes(document), moment)
        if at is not None:
            found[chat, message] = Seen(chat, message, person_id, at)
    return found


def _sent_at(document: bytes, received_at: datetime) -> datetime | None:
    """Return when the message that waits was sent; None for one that will not be noted."""
    try:
        message = read(document).message
    except Unreadable:
        return None
    return sent_at(message, received_at) if message and is_seen(message) else None


def delete_old(*, now: datetime) -> int:
    """Delete what was sent more than a week ago; return how many."""
    return delete_rows(SeenMessage.objects.filter(sent_at__lt=now - KEEP).order_by("sent_at"), at_once=DELETE_AT_ONCE)
