"""Groups in which the bot may not write for now: noted, left alone, and tried again later, each time after twice as long."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.bot.models import Chat

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)


def closed_until(telegram_chat_id: int) -> datetime | None:
    """Return when the chat may be tried again, also if that is past; None for one that took the last message."""
    return Chat.objects.filter(telegram_id=telegram_chat_id).values_list("closed_until", flat=True).first()


def close(*, telegram_chat_id: int, kind: str, now: datetime) -> None:
    """Note that the bot may not write there. One refusal may be about what was sent: the next try may come at once. After that it
    comes as long after this one as this one after the first, a minute at least and a day at most.
    """
    with transaction.atomic():
        Chat.objects.get_or_create(telegram_id=telegram_chat_id, defaults={"kind": kind})
        chat = Chat.objects.select_for_update().get(telegram_id=telegram_chat_id)
        if chat.closed_at is None:
            chat.closed_at = chat.closed_until = now
        else:
            chat.closed_at = min(chat.closed_at, now)
            chat.closed_until = now + min(max(now - chat.closed_at, SHORTEST), LONGEST)
        chat.save(update_fields=["closed_at", "closed_until"])


def reopen(*, telegram_chat_id: int) -> None:
    """Note that the bot may write there."""
    Chat.objects.filter(telegram_id=telegram_chat_id, closed_at__isnull=False).update(closed_at=None, closed_until=None)
