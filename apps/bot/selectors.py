"""What others may ask the bot's tables: an update by our id or its event, whether a chat is gone, which notices are open."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q

from apps.bot.models import Chat, Notice, Update
from apps.bot.notices.planning import DIGEST_KINDS


def unhandled_updates(updates: Iterable[int]) -> dict[int, Update]:
    """Return those of the updates that are there and not done, by our id; their bodies are fetched where they are needed."""
    return _by_id(updates, Q(handled_at=None))


def unanswered_updates(updates: Iterable[int]) -> dict[int, Update]:
    """Return unhandled_updates(), and those that were given up: their events come again when they are redriven."""
    return _by_id(updates, Q(handled_at=None) | Q(failed_at__isnull=False))


def _by_id(updates: Iterable[int], which: Q) -> dict[int, Update]:
    return {row.pk: row for row in Update.objects.defer("body").filter(which, id__in=list(updates))}


def update(update_id: int) -> Update | None:
    """Return the update of this id of ours, if it is there still."""
    return Update.objects.defer("body").filter(pk=update_id).first()


def update_of_event(event_id: UUID) -> Update | None:
    """Return the update that set off this correlation, if there is one; of a group that has become a supergroup with the
    chat's present id.
    """
    found = Update.objects.defer("body").filter(event_id=event_id).first()
    if found is not None and found.chat_id is not None:
        found.chat_id = present_chat(found.chat_id)
    return found


def newest_presses(person_id: int, *, after: int) -> list[Update]:
    """Return the person's presses after this update that are not handled yet, the newest first, twenty at most."""
    waiting = Update.objects.filter(person_id=person_id, kind="callback_query", handled_at=None, pk__gt=after)
    return list(waiting.defer("body").order_by("-pk")[:20])


def present_chat(telegram_chat_id: int) -> int:
    """Return the id at Telegram that the chat has now: that of the supergroup for a group that has become one."""
    return moved_chats([telegram_chat_id]).get(telegram_chat_id, telegram_chat_id)


def moved_chats(telegram_chat_ids: Iterable[int]) -> dict[int, int]:
    """Return the present ids at Telegram of those that were groups and are supergroups, by their earlier ids."""
    groups = [chat for chat in telegram_chat_ids if chat < 0]
    if not groups:
        return {}
    moved = Chat.objects.filter(moved_from__in=groups).values_list("moved_from", "telegram_id")
    return {old: new for old, new in moved if old is not None}


def is_gone(telegram_chat_id: int) -> bool:
    """Say whether the chat takes no messages."""
    return Chat.objects.filter(telegram_id=telegram_chat_id, gone_at__isnull=False).exists()


def open_private_chat(telegram_id: int | None) -> int | None:
    """Return the id at Telegram of the person's own chat, if there is one that takes messages: who never wrote to the bot
    there cannot be written to.
    """
    if telegram_id is None:
        return None
    chat = Chat.objects.filter(telegram_id=telegram_id, kind=Chat.Kind.PRIVATE, gone_at=None)
    return chat.values_list("telegram_id", flat=True).first()


def open_digests(person_ids: Iterable[int], *, now: datetime) -> dict[int, datetime]:
    """Return by person when the digest goes out that still waits for more; one query."""
    waiting = Notice.objects.filter(
        person_id__in=list(person_ids), kind__in=DIGEST_KINDS, due_at__gt=now, queued_at=None, done_at=None
    )
    return dict(waiting.values_list("person_id").annotate(Max("due_at")))


def notices_to_tell(notice: int) -> list[Notice]:
    """Return the notice, if it is not done, with what is told by the same message, oldest first."""
    first = Notice.objects.filter(pk=notice, done_at=None).first()
    if first is None or first.kind not in DIGEST_KINDS:
        return [first] if first else []
    together = Notice.objects.filter(
        person_id=first.person_id, kind__in=DIGEST_KINDS, queued_at__isnull=False, done_at=None
    )
    return list(together.order_by("pk"))
