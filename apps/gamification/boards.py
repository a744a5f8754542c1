"""Who leads: ranks over all time and over the running week (Monday to Sunday, UTC). Ties share a rank, earlier first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from django.db.models import Max, QuerySet, Sum

from apps.gamification.models import Account, DayScore

Board = Literal["total", "weekly"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a board."""

    rank: int
    person_id: int
    points: int


def top(board: Board, limit: int, now: datetime) -> list[Place]:
    """Return the first places: 1-2-2-4, among equals who was there earlier first; one query."""
    if board == "total":
        accounts = Account.objects.filter(lifetime__gt=0).order_by("-lifetime", "lifetime_at", "pk")
        return _ranked(accounts.values_list("pk", "lifetime")[:limit])
    scores = _week(now).annotate(reached=Max("reached_at")).order_by("-total", "reached", "account_id")
    return _ranked(scores.values_list("account_id", "total")[:limit])


def rank_of(person_id: int, board: Board, now: datetime) -> int | None:
    """Return the person's rank; None without points there. At most two queries."""
    if board == "total":
        points = Account.objects.filter(pk=person_id, lifetime__gt=0).values_list("lifetime", flat=True).first()
        return None if points is None else Account.objects.filter(lifetime__gt=points).count() + 1
    mine = next(iter(_week(now).filter(account_id=person_id).values_list("total", flat=True)), None)
    return None if mine is None else _week(now).filter(total__gt=mine).count() + 1


def week_of(now: datetime) -> date:
    """Return the Monday, in UTC, with which the week began."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=today.weekday())


def _week(now: datetime) -> QuerySet[Any, Any]:
    """Return the sums of the running week, of accounts that have points."""
    monday = week_of(now)
    days: QuerySet[Any, Any] = DayScore.objects.filter(utc_date__gte=monday, utc_date__lt=monday + timedelta(days=7))
    weeks: QuerySet[Any, Any] = days.values("account_id").annotate(total=Sum("points")).filter(total__gt=0)
    return weeks


def _ranked(rows: Iterable[tuple[int, int]]) -> list[Place]:
    places: list[Place] = []
    for position, (person_id, points) in enumerate(rows, start=1):
        tied = places and places[-1].points == points
        places.append(Place(places[-1].rank if tied else position, person_id, points))
    return places
