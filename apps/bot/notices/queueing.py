"""Handing notices to the senders: an event for each message to be sent, published once, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.bot.events import NoticesDue
from apps.bot.models import Notice
from apps.bot.notices.planning import DIGEST_KINDS
from diana.events import Publication, publish_many

AT_ONCE = 500


def queue(rows: Sequence[Notice], *, now: datetime) -> int:
    """Have these notices sent, those of a digest by one event; return how many messages that makes."""
    messages: dict[tuple[int, int], Notice] = {}
    for row in rows:
        messages.setdefault((row.person_id, 0 if row.kind in DIGEST_KINDS else row.pk), row)
    if rows:
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(queued_at=now)
        publish_many(
            [
                Publication(event=NoticesDue(user_id=row.person_id, notice=row.pk), idempotency_key=f"notice:{row.pk}")
                for row in messages.values()
            ]
        )
    return len(messages)


def queue_due(*, now: datetime) -> int:
    """Have everything that is due by now sent; return how many messages that makes. Two calls at once share the work."""
    total = 0
    while True:
        with transaction.atomic():
            due = Notice.objects.filter(due_at__lte=now, queued_at=None, done_at=None).order_by("due_at", "pk")
            rows = list(due.select_for_update(skip_locked=True)[:AT_ONCE])
            total += queue(rows, now=now)
        if len(rows) < AT_ONCE:
            return total
