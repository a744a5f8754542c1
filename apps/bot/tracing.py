"""What the bot can tell of an event: the update that it came from, and when that was handled."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from apps.bot.models import Update
from apps.bot.services import bot_id
from diana.events.models import StoredEvent
from diana.events.tracing import Fact


def tell(events: Sequence[StoredEvent]) -> Iterator[Fact]:
    """Yield what is known of the updates behind these events; old ones are deleted after a week."""
    fields = ("id", "kind", "event_id", "received_at", "handled_at")
    for row in Update.objects.filter(event_id__in=[event.event_id for event in events]).only(*fields):
        yield Fact(row.received_at, row.event_id, f"update {row.pk} ({row.kind}) came in", "update", row)
        if row.handled_at is not None:
            yield Fact(row.handled_at, row.event_id, f"update {row.pk} was handled")


def find(update: int) -> UUID | None:
    """Return the event that told of the update, by our id of it."""
    return Update.objects.filter(pk=update).values_list("event_id", flat=True).first()


def find_telegrams(update: int) -> UUID | None:
    """Return the same by Telegram's id of the update to the bot of this deployment."""
    return Update.objects.filter(bot_id=bot_id(), update_id=update).values_list("event_id", flat=True).first()
