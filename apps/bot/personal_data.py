"""What the bot keeps of people: updates as they came in, their own chat, what their first link said."""

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Coalesce

from apps.bot.models import Addition, Chat, SeenMessage, ShownScreen, StartPayload, Update
from apps.bot.others import without_others
from apps.users import selectors as people
from apps.users.privacy import Part

# A reply holds the message that it answers, with its author: bodies of others that name the person, by their number.
_NAMED_BY_OTHERS = """
UPDATE bot_update SET body = '', document = ''
WHERE handled_at IS NOT NULL AND (position(%(number)s::bytea IN body) > 0 OR position(%(number)s::bytea IN document) > 0)
"""
# Whose an unreadable update is, nobody knows: what holds the number of the person goes.
_UNREADABLE = "DELETE FROM bot_unreadable WHERE position(%(number)s::bytea IN body) > 0"


def export(person_id: int) -> dict[str, Any]:
    """Return the updates of the last days with what they held of the person, the chat, which messages in groups were theirs,
    what the first link said, what messages of the bot show, and which groups the person let the bot into.

    Seven queries.
    """
    telegram_id = people.telegram_id(person_id) or 0
    updates = Update.objects.filter(person_id=person_id).order_by("pk")
    chats = Chat.objects.filter(telegram_id=telegram_id)
    payloads = StartPayload.objects.filter(person_id=person_id)
    additions = Addition.objects.filter(Q(person_id=person_id) | Q(telegram_id=telegram_id)).order_by("pk")
    return {
        "updates": [
            {
                "kind": row.kind,
                "received_at": row.received_at,
                "body": _own(bytes(row.body or row.document), telegram_id),
            }
            for row in updates
        ],
        "chats": list(chats.values("id", "telegram_id", "kind", "gone_at", "guided_at")),
        "messages_in_groups": [
            row | {"message": abs(row["message"])}
            for row in SeenMessage.objects.filter(person_id=person_id)
            .order_by("sent_at", "chat", "message")
            .values("chat", "message", "sent_at")
        ],
        "start_payloads": list(payloads.values("payload", "received_at")),
        "shown_screens": list(
            ShownScreen.objects.filter(person_id=person_id).order_by("pk").values("shown_at", "text")
        ),
        "groups_added": list(additions.values("chat_id", "added_at")),
    }


def erase(person_id: int, now: datetime) -> None:
    """Empty the bodies, forget the chat, the link, which messages in groups were theirs, what was shown to them, and that it
    was they who let the bot into groups. The rows of updates stay for their week, so that copies are known.

    Bodies of others that name the person go too, where they are done; the rest are handled and gone within the week. So do
    unreadable updates that name them.
    """
    telegram_id = people.telegram_id(person_id)
    Update.objects.filter(person_id=person_id).exclude(Q(body=b"", document=b"", chat_id=None)).update(
        body=b"", document=b"", chat_id=None, handled_at=Coalesce("handled_at", now)
    )
    StartPayload.objects.filter(person_id=person_id).delete()
    SeenMessage.objects.filter(person_id=person_id).delete()
    ShownScreen.objects.filter(person_id=person_id).delete()
    Addition.objects.filter(Q(person_id=person_id) | Q(telegram_id=telegram_id or 0)).delete()
    if telegram_id is None:
        return
    Chat.objects.filter(telegram_id=telegram_id).delete()
    with connection.cursor() as cursor:
        for statement in (_NAMED_BY_OTHERS, _UNREADABLE):
            cursor.execute(statement, {"number": str(telegram_id).encode()})


def _own(body: bytes, telegram_id: int) -> Any:
    """Return the update as Telegram sent it, without other people; None for one that was emptied or cannot be read."""
    try:
        return without_others(json.loads(body), telegram_id)
    except (ValueError, RecursionError):
        return None


PART = Part(
    name="bot",
    personal=(
        "bot_update.body",
        "bot_update.document",
        "bot_update.chat_id",
        "bot_chat.*",
        "bot_seen_message.*",
        "bot_addition.*",
        "bot_shown_screen.*",
        "bot_start_payload.*",
        "bot_unreadable.body",
    ),
    other=(
        "bot_update.id",
        "bot_update.bot_id",
        "bot_update.update_id",
        "bot_update.person_id",
        "bot_update.kind",
        "bot_update.body_digest",
        "bot_update.event_id",
        "bot_update.received_at",
        "bot_update.handled_at",
        "bot_update.failed_at",
        "bot_update.delete_at",
        "bot_refusal.*",
        "bot_unreadable.id",
        "bot_unreadable.bot_id",
        "bot_unreadable.update_id",
        "bot_unreadable.reason",
        "bot_unreadable.received_at",
    ),
    export=export,
    erase=erase,
)
