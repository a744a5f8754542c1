"""What the ledger can tell of an event: the entries that it led to."""

from collections.abc import Iterator, Sequence
from functools import partial
from uuid import UUID

from django.utils import translation

from apps.gamification.explaining import explain
from apps.gamification.models import Entry
from diana.events.models import StoredEvent
from diana.events.tracing import Fact


def tell(events: Sequence[StoredEvent]) -> Iterator[Fact]:
    """Yield the entries of these events. They are looked up by the persons' accounts, which have an index."""
    persons = {event.user_id for event in events if event.user_id is not None}
    for entry in Entry.objects.filter(account_id__in=persons, event_id__in=[event.event_id for event in events]):
        text = f"entry {entry.pk}: {entry.amount:+d} by {entry.rule or entry.kind}, balance {entry.balance_after}"
        yield Fact(entry.recorded_at, entry.event_id, text, "entry", entry, partial(_explain, entry))


def _explain(entry: Entry) -> Sequence[str]:
    """Return why the entry is what it is, in the sentences of explain_entry."""
    with translation.override("en"):
        return explain(entry).words


def find(entry: int) -> UUID | None:
    """Return the event that led to the entry; corrections by staff have none."""
    return Entry.objects.filter(pk=entry).values_list("event_id", flat=True).first()
