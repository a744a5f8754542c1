"""What the tests of points have in common: people, and events as the bot would publish them."""

from datetime import UTC, datetime, timedelta
from itertools import count

from django.db import transaction

from apps.users.models import Person
from diana.audit import Actor
from diana.events import Envelope, Event, Publication, publish_many
from diana.events.catalogue import event_class
from diana.events.drain import drain_lane
from diana.events.lanes import lane_of
from diana.events.locks import lane_lock
from diana.events.subscriptions import subscriber

# A Wednesday.
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
STAFF = Actor(1, "vera", "admin")
AWARDS = "gamification.award_points"

_telegram_ids = count(5_000_001)


def person() -> int:
    """Add a person and return the id."""
    return Person.objects.create(telegram_id=next(_telegram_ids), created_at=NOON).pk


def people(number: int) -> list[int]:
    """Add so many people."""
    return [person() for _ in range(number)]


def event(event_type: str, person_id: int, **fields: object) -> Event:
    """Build an event of a type that another app owns."""
    return event_class(event_type)(user_id=person_id, **fields)


def message(person_id: int) -> Event:
    """Build a message in a group."""
    return event("game.message_sent", person_id, chat=1, length=12, content_digest="a" * 32)


def daily(person_id: int, local_date: str = "2026-03-11") -> Event:
    """Build a visit of /daily."""
    return event("game.daily_login", person_id, local_date=local_date)


def happen(*events: Event, at: datetime = NOON, offset: int = 0) -> list[Envelope]:
    """Publish the events, one microsecond apart."""
    with transaction.atomic():
        return publish_many(
            [
                Publication(event=e, occurred_at=at + timedelta(microseconds=n), utc_offset_minutes=offset)
                for n, e in enumerate(events)
            ]
        )


def award(*events: Event, at: datetime = NOON, offset: int = 0) -> list[Envelope]:
    """Publish the events and let the award subscriber handle them, and what follows from them, in their lanes."""
    envelopes = happen(*events, at=at, offset=offset)
    for lane in sorted({lane_of(e.key) for e in envelopes}):
        with lane_lock(AWARDS, lane) as held:
            assert held
            while drain_lane(subscriber(AWARDS), lane).handled:
                pass
    return envelopes
