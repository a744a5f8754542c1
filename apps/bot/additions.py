"""Who let the bot into groups: noted when it comes in, for staff who decide about the group.

Telegram's number of somebody who is not known is kept until staff have decided, or the bot is out of the group again.
"""

from datetime import datetime
from typing import NamedTuple

from apps.bot.models import Addition, Chat
from apps.users.selectors import guess_language, profile
from apps.users.services import PersonGone, lock_person


class Adder(NamedTuple):
    """A human who let the bot in: the id at Telegram, and the language that their application speaks."""

    telegram_id: int
    language_code: str | None


def note(chat: Chat, *, person_id: int | None, by: Adder | None, told_at: datetime) -> None:
    """Note who let the bot in at this time, unless it was let in again after it; None is somebody anonymous. A group that has no
    language gets theirs.

    Locks the person; the chat is locked.
    """
    if Addition.objects.filter(chat_id=chat.pk, added_at__gt=told_at).exists():
        return
    # Before the row is touched: an erasure locks the person first as well.
    is_there = by is not None and person_id is not None and _is_there(person_id)
    Addition.objects.filter(chat_id=chat.pk).delete()
    if by is None:
        return
    if person_id is None:
        _speak(chat, guess_language(by.language_code))
        if chat.state == Chat.State.PENDING:
            Addition.objects.create(chat_id=chat.pk, telegram_id=by.telegram_id, added_at=told_at)
    elif is_there:
        _speak(chat, profile(person_id).language)
        Addition.objects.create(chat_id=chat.pk, person_id=person_id, added_at=told_at)


def forget_unknown(chat: int) -> None:
    """Forget the number of who let the bot in, unless it is somebody known."""
    Addition.objects.filter(chat_id=chat, person_id=None).delete()


def _speak(chat: Chat, language: str) -> None:
    Chat.objects.filter(pk=chat.pk, language="").update(language=language)


def _is_there(person_id: int) -> bool:
    try:
        lock_person(person_id)
    except PersonGone:
        return False
    return True
