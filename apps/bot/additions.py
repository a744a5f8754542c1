"""Who let the bot into groups: noted when it comes in, for staff who decide about the group.

Telegram's number of somebody who is not known is kept until staff have decided, or the bot is out of the group again.
"""

from datetime import datetime
from typing import NamedTuple

from apps.bot.models import Addition, Chat
from apps.users.selectors import guess_language, profile
from apps.users.services import PersonGone, lock_person


class Adder(NamedTuple):
    """A human who changed the bot's standing: the id at Telegram, and the language that their application speaks."""

    telegram_id: int
    language_code: str | None


def note(chat: Chat, *, is_in: bool, person_id: int | None, by: Adder | None, now: datetime) -> None:
    """Note who let the bot in, if it was not in before; set the chat's language, which the caller saves. Forget who is not
    known when the bot goes.

    Locks the person; the chat is locked.
    """
    if not is_in:
        forget_unknown(chat.pk)
        return
    if chat.standing_at is not None and chat.gone_at is None:
        return  # it only became an administrator, or is one no more
    Addition.objects.filter(chat_id=chat.pk).delete()
    if by is None:
        return
    if person_id is None:
        chat.language = chat.language or guess_language(by.language_code)
        Addition.objects.create(chat_id=chat.pk, telegram_id=by.telegram_id, added_at=now)
    elif _is_there(person_id):
        chat.language = chat.language or profile(person_id).language
        Addition.objects.create(chat_id=chat.pk, person_id=person_id, added_at=now)


def forget_unknown(chat: int) -> None:
    """Forget the number of who let the bot in, unless it is somebody known."""
    Addition.objects.filter(chat_id=chat, person_id=None).delete()


def _is_there(person_id: int) -> bool:
    try:
        lock_person(person_id)
    except PersonGone:
        return False
    return True
