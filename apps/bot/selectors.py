"""What others may ask the bot's tables: an update by our id or by the event that told of it, whether a chat is gone."""

from collections.abc import Iterable
from uuid import UUID

from apps.bot.models import Chat, Update


def unhandled_update(update: int) -> Update | None:
    """Return the update if it is there and not done."""
    return Update.objects.filter(id=update, handled_at=None).first()


def unhandled_updates(updates: Iterable[int]) -> dict[int, Update]:
    """Return those of the updates that are there and not done, by our id."""
    return {row.pk: row for row in Update.objects.filter(id__in=list(updates), handled_at=None)}


def chat_of_event(event_id: UUID) -> int | None:
    """Return the id at Telegram of the chat whose update set off this correlation, if there is one."""
    return Update.objects.filter(event_id=event_id).values_list("chat_id", flat=True).first()


def is_gone(telegram_chat_id: int) -> bool:
    """Say whether the chat takes no messages."""
    return Chat.objects.filter(telegram_id=telegram_chat_id, gone_at__isnull=False).exists()
