"""Which groups are paid. Anybody may add a real bot to a group of their own; what is done there counts once staff named it.

The list of settings.DIANA_GROUPS is all that is known of approval; who asks only asks here.
"""

from collections.abc import Iterable

from django.conf import settings

from apps.bot.identity import is_real_token


def approved(chats: Iterable[int]) -> frozenset[int]:
    """Return those of the chats (ids at Telegram) in which acts count: people's own chats, and groups that staff named.

    With a made-up token, which only the sandbox takes, all groups count. A real one makes no difference between
    development and production.
    """
    asked = frozenset(chats)
    if not is_real_token(settings.TELEGRAM_BOT_TOKEN):
        return asked
    return frozenset(chat for chat in asked if chat > 0) | asked.intersection(settings.DIANA_GROUPS)


def is_approved(chat: int) -> bool:
    """Say whether acts in this chat count."""
    return chat in approved([chat])
