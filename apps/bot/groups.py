"""Which groups count. Anybody may add a bot to a group of their own: what is done there counts once staff have approved it.

settings.DIANA_KNOWN_GROUPS says what a group is about which staff have decided nothing; who asks only asks here. A group that
becomes a supergroup stays what it was, under either id.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from apps.bot.chats import add_chat
from apps.bot.incoming import IGNORED, Incoming
from apps.bot.models import Chat, initial_state

# Being seen is noted this often at most: a write for every message would be one row that all of a group wait for.
SEEN_AGAIN_AFTER = timedelta(hours=1)
_FIND = """
SELECT id, state, told_unpaid_at IS NOT NULL, title, seen_at FROM bot_chat WHERE telegram_id = %(id)s OR moved_from = %(id)s
"""


class KnownGroup(NamedTuple):
    """What the way in asks about a group: our id, its state, and whether it was told that nothing counts there."""

    chat: int
    state: str
    told: bool

    @property
    def is_approved(self) -> bool:
        """Say whether acts count there."""
        return counts(self.state)

    @property
    def is_undecided(self) -> bool:
        """Say whether people there are told that nothing counts; of a refused group they are told nothing."""
        return self.state == Chat.State.PENDING and not self.is_approved


def counts(state: str) -> bool:
    """Say whether acts count in a group of this state."""
    if state == Chat.State.PENDING:
        return initial_state() == Chat.State.APPROVED
    return state == Chat.State.APPROVED


def group_of(incoming: Incoming, *, now: datetime) -> KnownGroup | None:
    """Return the group or channel from which the update came; None for a person's own chat, and for none."""
    if incoming.chat is None or (incoming.chat > 0 and incoming.chat_kind in ("", Chat.Kind.PRIVATE)):
        return None
    return meet(telegram_id=incoming.chat, kind=incoming.chat_kind, title=incoming.title, now=now)


def is_handled(incoming: Incoming, *, strange: KnownGroup | None) -> bool:
    """Say whether anybody does anything about the update. In a group that is not approved that is noting where the bot is, and
    while staff have decided nothing telling the first who asks, and whoever presses a button.
    """
    if incoming.kind in IGNORED:
        return False
    if strange is None or incoming.kind == "my_chat_member":
        return True
    if not strange.is_undecided:
        return False
    return incoming.kind == "callback_query" or (incoming.answered and not strange.told)


def meet(*, telegram_id: int, kind: str, title: str | None, now: datetime) -> KnownGroup:
    """Return the group, which is added if it is new; note its title where that is another one, and each hour that it was seen.

    One statement where there is nothing to note. Whether the bot is still in it is not asked. In a transaction it comes
    before any person is locked.
    """
    row = _find(telegram_id)
    if row is None:
        chat = add_chat(telegram_id=telegram_id, kind=kind)
        row = (chat.pk, chat.state, chat.told_unpaid_at is not None, chat.title, chat.seen_at)
    pk, state, told, known_title, seen_at = row
    renamed = title is not None and title != known_title
    if renamed or seen_at is None or now - seen_at >= SEEN_AGAIN_AFTER:
        noted = {"seen_at": now} | ({"title": title} if renamed else {})
        Chat.objects.filter(pk=pk).update(**noted)
    return KnownGroup(pk, state, told)


def _find(telegram_id: int) -> tuple[int, str, bool, str, datetime | None] | None:
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"id": telegram_id})
        row: tuple[int, str, bool, str, datetime | None] | None = cursor.fetchone()
    return row


def approved(chats: Iterable[int]) -> frozenset[int]:
    """Return those of the chats (ids at Telegram) in which acts count: people's own chats, and groups that are approved. One
    statement if there are groups.
    """
    asked = frozenset(chats)
    states = _states(chat for chat in asked if chat < 0)
    return frozenset(chat for chat in asked if chat > 0 or counts(states.get(chat, initial_state())))


def is_approved(chat: int) -> bool:
    """Say whether acts in this chat count."""
    return chat in approved([chat])


def is_undecided(group: int) -> bool:
    """Say whether people there are told that nothing counts."""
    state = _states([group]).get(group, initial_state())
    return state == Chat.State.PENDING and not counts(state)


def _states(groups: Iterable[int]) -> dict[int, str]:
    """Return the states of those that are known, by the ids at Telegram that they have and had."""
    asked = list(groups)
    if not asked:
        return {}
    rows = Chat.objects.filter(Q(telegram_id__in=asked) | Q(moved_from__in=asked))
    states = rows.values_list("telegram_id", "moved_from", "state")
    return {
        telegram_id: state for present, earlier, state in states for telegram_id in (present, earlier) if telegram_id
    }
