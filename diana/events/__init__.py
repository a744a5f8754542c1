"""The bus: an event log in PostgreSQL, subscribers with cursors, Celery as the carrier. Its public face is imported from here."""

from diana.events.catalogue import Event
from diana.events.envelope import Envelope
from diana.events.evolution import upcaster
from diana.events.failures import Permanent, Postponed, Retry, Unanswered
from diana.events.limiting import RateLimited
from diana.events.publishing import Publication, publish, publish_many
from diana.events.subscriptions import subscribe

__all__ = [
    "Envelope",
    "Event",
    "Permanent",
    "Postponed",
    "Publication",
    "RateLimited",
    "Retry",
    "Unanswered",
    "publish",
    "publish_many",
    "subscribe",
    "upcaster",
]
