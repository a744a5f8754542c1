"""Which groups are paid. Anybody may add a real bot to a group of their own; what is done there counts once staff named it.

The list of settings.DIANA_GROUPS is all that is known of approval; who asks only asks here. A group that becomes a
supergroup stays what it was, under either id.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q

from apps.bot.identity import is_real_token
from apps.bot.models import Chat


def approved(chats: Iterable[int]) -> frozenset[int]:
    """Return those of the chats (ids at Telegram) in which acts count: people's own chats, and groups that staff named.

    With a made-up token, which only the sandbox takes, all groups count. A real one makes no difference between
    development and production.
    """
    asked = frozenset(chats)
    if not is_real_token(settings.TELEGRAM_BOT_TOKEN):
        return asked
    named = frozenset(settings.DIANA_GROUPS)
    found = frozenset(chat for chat in asked if chat > 0) | asked & named
    return found | _moved(asked - found, named)


def _moved(asked: frozenset[int], named: frozenset[int]) -> frozenset[int]:
    """Return those that staff named by the other id that they have or had."""
    if not asked:
        return frozenset()
    moved = Chat.objects.filter(Q(telegram_id__in=asked) | Q(moved_from__in=asked), moved_from__isnull=False)
    pairs = moved.values_list("telegram_id", "moved_from")
    return asked & frozenset(chat for pair in pairs if not named.isdisjoint(pair) for chat in pair)


def is_approved(chat: int) -> bool:
    """Say whether acts in this chat count."""
    return chat in approved([chat])
