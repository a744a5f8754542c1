"""What became of an outcome: told on the screen, or left for the digest; noted once, however often it is delivered."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.bot.models import Notice
from apps.bot.notices import making
from apps.bot.notices.planning import KINDS, LEFT_OVER
from apps.bot.outcomes.models import ShownScreen
from diana.events import Envelope

_TOLD = """
INSERT INTO bot_notice (person_id, kind, fields, event_id, created_at, due_at, done_at, outcome, tells_points)
SELECT person_id, kind, fields, event_id, %(now)s, %(now)s, %(now)s, 'sent', false
FROM unnest(%(people)s::bigint[], %(kinds)s::text[], %(fields)s::jsonb[], %(events)s::uuid[])
    AS told (person_id, kind, fields, event_id)
ORDER BY event_id
ON CONFLICT (event_id) DO UPDATE SET done_at = excluded.done_at, outcome = excluded.outcome
WHERE bot_notice.done_at IS NULL
"""


def on_screen(row: ShownScreen, events: Sequence[Envelope], *, now: datetime) -> None:
    """Note that these were told on the screen: no digest tells them. A second call changes nothing."""
    with transaction.atomic():
        if _advance(row, events, now):
            _note_told([event for event in events if event.type in KINDS], now)


def left_over(row: ShownScreen, events: Sequence[Envelope], *, now: datetime) -> None:
    """Leave these for the digest; levels and achievements are noted for it anyway. A second call changes nothing."""
    with transaction.atomic():
        if _advance(row, events, now):
            making.note([event for event in events if event.type in LEFT_OVER], now=now, kinds=LEFT_OVER)


def _advance(row: ShownScreen, events: Sequence[Envelope], now: datetime) -> bool:
    told = max((event.position for event in events), default=row.told)
    same = ShownScreen.objects.filter(pk=row.pk, told=row.told)
    return bool(same.update(told=told, editing_until=None, closed_at=now))


def _note_told(events: Sequence[Envelope], now: datetime) -> None:
    if not events:
        return
    parameters: dict[str, Any] = {
        "now": now,
        "people": [event.user_id for event in events],
        "kinds": [Notice.Kind(KINDS[event.type].kind) for event in events],
        "fields": [json.dumps({name: event.fields[name] for name in KINDS[event.type].fields}) for event in events],
        "events": [event.event_id for event in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, parameters)
