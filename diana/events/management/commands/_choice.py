"""How commands name a subscriber, and a moment."""

from datetime import UTC, datetime

from django.core.management.base import CommandError

from diana.events import subscriptions
from diana.events.subscriptions import Subscriber


def chosen_subscriber(name: str) -> Subscriber:
    """Return the subscriber of that name; raises CommandError with the names that there are."""
    try:
        return subscriptions.subscriber(name)
    except KeyError:
        known = ", ".join(s.name for s in subscriptions.subscribers())
        raise CommandError(f"No subscriber is called {name!r}. There are: {known}.") from None


def moment(text: str) -> datetime:
    """Read a date or time in ISO format; UTC unless it says otherwise."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
