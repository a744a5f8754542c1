"""What the tests of boards have in common: points given at a moment, and a board as people see it."""

from datetime import datetime
from itertools import count

from apps.gamification import boards, services
from apps.gamification.models import Entry
from diana.events import Event
from tests.gamification.acts import NOON, STAFF, event

_keys = count(1)


def give(person_id: int, amount: int, at: datetime = NOON) -> Entry:
    """Award as staff do."""
    return services.award(person_id=person_id, amount=amount, reason="r", actor=STAFF, key=f"b{next(_keys)}", now=at)


def reverse(entry: Entry, at: datetime = NOON) -> None:
    """Take an entry back."""
    services.reverse_entry(entry_id=entry.pk, reason="r", actor=STAFF, key=f"r{next(_keys)}", now=at)


def seen(board: boards.Board, now: datetime = NOON, **segment: object) -> list[tuple[int, int, int]]:
    """Return rank, person and points of the first places."""
    return [(p.rank, p.person_id, p.points) for p in boards.top(board, 10, now, **segment)]  # type: ignore[arg-type]


def becomes(person_id: int, archetype: str) -> Event:
    """Build the result of the quiz."""
    numbers = {"exploration": 1, "competition": 2, "narrative": 3, "social": 4, "confidence": 5, "quiz_version": 1}
    return event("user.personality_detected", person_id, archetype=archetype, **numbers)


def vip(person_id: int, until: datetime | None) -> Event:
    """Build what gives the person VIP's place on boards until a moment, grace and all; None takes it."""
    return event("vip.grace_entered" if until else "vip.expired", person_id, until=until and until.isoformat())


def sees(person_id: int, mode: str) -> Event:
    """Build a choice of how to be seen."""
    return event("user.visibility_changed", person_id, mode=mode)
