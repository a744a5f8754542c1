"""The end of a period: the first hundred are told their ranks, once, in one transaction."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection

from apps.gamification import events
from apps.gamification.boards.places import EXACT, ranked, top_of
from apps.gamification.boards.scope import KEPT_DAYS, Scope, end_of
from apps.gamification.decide.boards import CODES, PERIODIC, Board, beginning, following
from diana.events import Publication, publish_many, release
from diana.periodic import run_once
from diana.periodic.models import Slot

# What is on its way when a period ends (Telegram repeats, workers lag) has so long to arrive.
GRACE = timedelta(minutes=15)
# Awards that are further behind hold a period open, but not for ever.
PATIENCE = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 10_000
AWARDS = "gamification.award_points"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Closed:
    """A period that was closed: how many had a rank, and how many were told theirs."""

    board: Board
    period: date
    ranked: int
    told: int


def close_due(now: datetime) -> list[Closed]:
    """Close every period that is over and was not closed, the oldest first, each in a transaction of its own.

    After downtime all are made up for that still have rows. The very first time only the last period of each board is
    closed: what lies before is history.
    """
    return [closed for board in PERIODIC for period in _due(board, now) if (closed := close(board, period, now))]


def close(board: Board, period: date, now: datetime) -> Closed | None:
    """Close one period; None if that was done before, or is being done.

    Publishes game.rank_closed for the first hundred places. Points that arrive later still count on the board, but nobody
    is told another rank.
    """
    return run_once(_job(board), ONE_DAY, lambda: _tell(board, period, now), now=_at(period))


def forget_old_rows(now: datetime) -> int:
    """Remove rows of periods that ended more than KEPT_DAYS ago, in portions; return how many."""
    removed = 0
    for board in PERIODIC:
        last = beginning(board, (now - timedelta(days=KEPT_DAYS)).astimezone(UTC).date())
        while count := _forget(board, last):
            removed += count
            if count < FORGOTTEN_AT_ONCE:
                break
    return removed


def _due(board: Board, now: datetime) -> list[date]:
    """Return the periods to close."""
    current = beginning(board, (now - GRACE).astimezone(UTC).date())
    newest = Slot.objects.filter(job=_job(board)).order_by("-slot_at").values_list("slot_at", flat=True).first()
    if newest is None:
        period = beginning(board, current - ONE_DAY)
    else:
        oldest_kept = beginning(board, (now - timedelta(days=KEPT_DAYS)).astimezone(UTC).date())
        period = max(following(board, newest.astimezone(UTC).date()), oldest_kept)
    found = []
    while period < current and _is_complete(end_of(board, period), now):
        found.append(period)
        period = following(board, period)
    return found


def _is_complete(end: datetime, now: datetime) -> bool:
    """Say whether the awards have handled all that was there when the grace was over, or have had their time."""
    if now >= end + PATIENCE:
        return True
    waited = next(seconds for name, _, _, seconds in release.lag() if name == AWARDS)
    return waited == 0 or now - timedelta(seconds=waited) >= end + GRACE


def _tell(board: Board, period: date, now: datetime) -> Closed:
    scope = Scope(board, period)
    places, count = top_of(scope, EXACT, now), ranked(scope, now)
    name = period.isoformat()
    publish_many(
        [
            Publication(
                event=events.RankClosed(
                    user_id=place.person_id, board=board, period=name, rank=place.rank, score=place.points, ranked=count
                ),
                occurred_at=now,
                idempotency_key=f"rank_closed:{board}:{name}:{place.person_id}",
            )
            for place in places
        ]
    )
    return Closed(board, period, count, len(places))


def _job(board: Board) -> str:
    return f"gamification.close_board:{board}"


def _at(period: date) -> datetime:
    return datetime.combine(period, time(), UTC)


def _forget(board: Board, before: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM gamification_boardrow WHERE ctid = ANY (ARRAY("
            "SELECT ctid FROM gamification_boardrow WHERE board = %s AND period < %s LIMIT %s))",
            [CODES[board], before, FORGOTTEN_AT_ONCE],
        )
        count: int = cursor.rowcount
        return count
