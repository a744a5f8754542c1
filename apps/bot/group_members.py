"""How many members groups have: which are to be counted, and the counts. No calls to Telegram here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, Q

from apps.bot.models import Group

COUNTED_AGAIN_AFTER = timedelta(days=1)
# The task runs every few minutes.
MOST_AT_ONCE = 50


class Counted(NamedTuple):
    """What Telegram said of a group; None where it did not say."""

    chat: int
    members: int | None


def groups_to_count(now: datetime) -> list[Group]:
    """Return groups that were not counted for a day and that the bot is in, those that nobody has counted first."""
    due = Q(members_at=None) | Q(members_at__lte=now - COUNTED_AGAIN_AFTER)
    present = Group.objects.filter(due, gone_at=None, state__in=[Group.State.PENDING, Group.State.APPROVED])
    return list(present.order_by(F("members_at").asc(nulls_first=True), "pk")[:MOST_AT_ONCE])


def note_counts(counted: Sequence[Counted], now: datetime) -> None:
    """Note the counts; where Telegram did not say, the former one stays and it is asked for again in a day."""
    for chat, members in counted:
        Group.objects.filter(pk=chat).update(members_at=now, **({} if members is None else {"members": members}))
