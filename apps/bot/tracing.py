"""What the bot can tell of an event: the update that it came from, and when that was handled."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import QuerySet

from apps.bot.models import Update
from apps.bot.services import bot_id
from diana.events.models import StoredEvent
from diana.events.tracing import Fact

FIELDS = ("id", "kind", "event_id", "received_at", "handled_at", "delete_at")


def tell(events: Sequence[StoredEvent]) -> Iterator[Fact]:
    """Yield what is known of the updates behind these events; old ones are deleted after a week."""
    for row in Update.objects.filter(event_id__in=[event.event_id for event in events]).only(*FIELDS):
        yield _arrival(row)
        if row.handled_at is not None:
            yield Fact(row.handled_at, row.event_id, f"update {row.pk} was handled")


def find(update: int) -> UUID | Fact | None:
    """Return the event that told of the update, by our id of it; of an update without one what it was."""
    return _find(Update.objects.filter(pk=update))


def find_telegrams(update: int) -> UUID | Fact | None:
    """Return the same by Telegram's id of the update to the bot of this deployment."""
    return _find(Update.objects.filter(bot_id=bot_id(), update_id=update))


def _find(updates: QuerySet[Update]) -> UUID | Fact | None:
    row = updates.only(*FIELDS).first()
    if row is None or row.event_id is not None or row.handled_at is None:
        return None if row is None else row.event_id
    strange = row.delete_at is not None
    return _arrival(row, reason="nothing counts in its group" if strange else "there was nothing to do about it")


def _arrival(row: Update, *, reason: str = "") -> Fact:
    text = f"update {row.pk} ({row.kind}) came in"
    return Fact(row.received_at, row.event_id, text, "update", row, reason=reason)
