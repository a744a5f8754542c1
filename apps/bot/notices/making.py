"""Making notices of events: a batch of them at once, in a fixed number of statements, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.bot import selectors
from apps.bot.models import Notice
from apps.bot.notices import queueing
from apps.bot.notices.planning import DIGEST_KINDS, KINDS, Kind, due_at, longest_late, may_be_told, wanted
from apps.users import selectors as people
from apps.users.selectors import Profile
from apps.users.services import Preferences
from diana.events import Envelope


def note(envelopes: Sequence[Envelope], *, now: datetime, kinds: Mapping[str, Kind] = KINDS) -> int:
    """Keep what people are to be told of these events, and have what is due told at once; return how many are new. `kinds` has
    all of their types.

    Left out is what nobody wants to hear, what is old, and who is not active but for receipts. An event that was noted stays
    noted once.
    """
    told = [e for e in envelopes if _is_told(e, kinds[e.type], now)]
    if not told:
        return 0
    ids = {e.user_id for e in told if e.user_id is not None}
    profiles, preferences = people.people(ids), people.preferences(ids)
    digests = selectors.open_digests(ids, now=now)
    rows: list[Notice] = []
    for envelope in told:
        row = _plan(envelope, kinds[envelope.type], profiles, preferences, digests, now)
        if row is not None:
            rows.append(row)
    known = Notice.objects.filter(event_id__in=[row.event_id for row in rows]).values_list("event_id", flat=True)
    seen = set(known)
    fresh = [row for row in rows if row.event_id not in seen]
    waiting, due = [row for row in fresh if row.due_at > now], [row for row in fresh if row.due_at <= now]
    # What waits may be told meanwhile on the screen that answers the act (apps/bot/outcomes).
    Notice.objects.bulk_create(waiting, ignore_conflicts=True)
    queueing.queue(Notice.objects.bulk_create(due), now=now)
    return len(fresh)


def _is_told(envelope: Envelope, kind: Kind, now: datetime) -> bool:
    return (
        envelope.user_id is not None
        and now - envelope.occurred_at <= longest_late(kind.kind)
        and kind.told(envelope.fields)
    )


def _plan(
    envelope: Envelope,
    kind: Kind,
    profiles: dict[int, Profile],
    preferences: dict[int, Preferences],
    digests: dict[int, datetime],
    now: datetime,
) -> Notice | None:
    """Return the notice, and remember when the person's digest goes out."""
    fields = envelope.fields
    person = profiles.get(envelope.user_id or 0)
    if person is None or not may_be_told(kind.kind, person.status):
        return None
    own = preferences[person.person_id]
    if not wanted(kind.kind, own):
        return None
    due = due_at(kind.kind, now, person.local, own, digests.get(person.person_id))
    if kind.kind in DIGEST_KINDS:
        digests[person.person_id] = due
    kept: dict[str, Any] = {name: fields[name] for name in kind.fields}
    return Notice(
        person_id=person.person_id,
        kind=kind.kind,
        fields=kept,
        event_id=envelope.event_id,
        created_at=now,
        due_at=due,
    )
