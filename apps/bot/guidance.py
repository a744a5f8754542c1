"""The hourly answer to messages that are no commands: which private chats get one. No Telegram library here."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection

PAUSE = timedelta(hours=1)

# Where a transaction waited for another one it sees what that one has set.
_CLAIM = """
UPDATE bot_chat c SET guided_at = w.at
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS w (chat, at, an_hour_before)
WHERE c.id = w.chat AND (c.guided_at IS NULL OR c.guided_at <= w.an_hour_before)
RETURNING c.id
"""


def claim(asked: Mapping[int, datetime]) -> set[int]:
    """Note for these private chats, by our id, that a message of this moment is answered; return those where none was within
    the hour before. One statement, in a transaction in which their people are locked.
    """
    chats = sorted(asked)
    moments = [asked[chat] for chat in chats]
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [chats, moments, [moment - PAUSE for moment in moments]])
        return {row[0] for row in cursor.fetchall()}
