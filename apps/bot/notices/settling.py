"""What became of notices: sent, dropped, deleted when they are old."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from apps.bot.events import ReplySent
from apps.bot.models import Notice
from diana.bulk import delete_rows
from diana.events import publish

# Longer than an event can be late and still make a notice: an event that is handled again must find its row.
KEEP_NOTICES = timedelta(days=30)
DELETE_AT_ONCE = 5_000


def sent(*, notices: Sequence[Notice], template: str, now: datetime) -> None:
    """Note that the notices were sent with one message and publish that; a second call changes nothing."""
    with transaction.atomic():
        if _settle(notices, Notice.Outcome.SENT, now):
            publish(ReplySent(user_id=notices[0].person_id, template=template))


def drop(*, notices: Sequence[Notice], now: datetime) -> None:
    """Note that nobody is to be told of these any more."""
    _settle(notices, Notice.Outcome.DROPPED, now)


def _settle(notices: Sequence[Notice], outcome: Notice.Outcome, now: datetime) -> int:
    rows = Notice.objects.filter(pk__in=[notice.pk for notice in notices], done_at=None)
    return rows.update(done_at=now, outcome=outcome)


def delete_old(*, now: datetime) -> int:
    """Delete what was settled more than 30 days ago, 5,000 rows a statement; return how many."""
    old = Notice.objects.filter(done_at__lt=now - KEEP_NOTICES).order_by("done_at")
    return delete_rows(old, at_once=DELETE_AT_ONCE)
