"""What the database holds at the end, read for the report."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Sum

from apps.bot.models import Refusal
from apps.gamification import selectors
from apps.gamification.models import Account, Entry
from apps.users import selectors as people
from diana import clock
from diana.events.models import Cursor, Failure, StoredEvent

PLACES = 10


@dataclass(frozen=True)
class Balance:
    """One person's account."""

    name: str
    balance: int
    entries: int


@dataclass(frozen=True)
class Place:
    """A place on the board of all points; equal points share a rank."""

    rank: int
    name: str
    points: int


@dataclass(frozen=True)
class Records:
    """Counts and lists; `entries` are by rule: how many, and the points they brought."""

    events: Counter[str]
    entries: dict[str, tuple[int, int]]
    suppressed: int
    places: list[Place]
    balances: list[Balance]
    refusals: dict[str, int]
    dead_letters: list[str]


def read_records() -> Records:
    """Read everything; the bus must be at rest."""
    events = StoredEvent.objects.values_list("type").annotate(n=Count("id"))
    entries = Entry.objects.values_list("rule").annotate(n=Count("id"), points=Sum("amount")).order_by("rule")
    refusals = Refusal.objects.values_list("reason").annotate(n=Sum("count")).order_by("reason")
    dead = Failure.objects.filter(status=Failure.Status.DEAD).order_by("position")
    return Records(
        Counter(dict(events)),
        {rule: (count, points) for rule, count, points in entries},
        Entry.objects.filter(kind=Entry.Kind.SUPPRESSED).count(),
        _places(),
        _balances(),
        dict(refusals),
        [f"{row}: {row.error}" for row in dead],
    )


def subscribers_at_work() -> set[str]:
    """Return the subscribers that had something to do: their tasks must have been seen."""
    return set(Cursor.objects.filter(handled__gt=0).values_list("subscriber", flat=True))


def _places() -> list[Place]:
    board = selectors.top("total", PLACES, clock.now())
    profiles = people.people([place.person_id for place in board])
    return [Place(place.rank, _name(profiles[place.person_id]), place.points) for place in board]


def _balances() -> list[Balance]:
    accounts = list(Account.objects.order_by("person_id"))
    profiles = people.people([account.person_id for account in accounts])
    return [Balance(_name(profiles[a.person_id]), a.balance, a.sequence) for a in accounts]


def _name(profile: people.Profile) -> str:
    return profile.name or f"Player {profile.person_id}"
